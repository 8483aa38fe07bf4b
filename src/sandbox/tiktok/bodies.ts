import type { StandInRequest } from '../stand-in.js';
import { Refused } from './answers.js';
import { Fields } from './fields.js';

const maxJsonBytes = 65_536;

/** @throws {Refused} invalid_params */
export function mustBeJson(request: StandInRequest): void {
  if (!/^application\/json(;|$)/i.test(request.headers['content-type'] ?? '')) throw new Refused('invalid_params', 'Content-Type must be application/json');
}

/** @throws {Refused} invalid_params */
export async function json(request: StandInRequest): Promise<Fields> {
  mustBeJson(request);
  let value: unknown;
  try {
    value = JSON.parse(await text(request));
  } catch {
    throw new Refused('invalid_params', 'The request body is no JSON');
  }
  return new Fields(value, 'body');
}

export function isForm(request: StandInRequest): boolean {
  return /^application\/x-www-form-urlencoded(;|$)/i.test(request.headers['content-type'] ?? '');
}

export async function form(request: StandInRequest): Promise<URLSearchParams> {
  return new URLSearchParams(await text(request));
}

export async function text(request: StandInRequest): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of request.body()) {
    bytes += piece.length;
    if (bytes > maxJsonBytes) throw new Refused('invalid_params', 'The request body is too large');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
