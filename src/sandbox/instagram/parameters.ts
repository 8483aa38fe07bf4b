import type { StandInAnswer, StandInRequest } from '../stand-in.js';
import { invalidParameter } from './graph-answers.js';

/** A request's parameters from its address and body (JSON or form), one value each. */
export type Parameters = ReadonlyMap<string, unknown>;

const maxBodyBytes = 1_000_000;

/** The answer instead, when they cannot be read. */
export async function readParameters(request: StandInRequest): Promise<Parameters | StandInAnswer> {
  const parameters = new Map<string, unknown>(request.url.searchParams);
  if (request.method === 'GET') return parameters;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body()) {
    size += chunk.length;
    if (size > maxBodyBytes) return invalidParameter('the body is too large');
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  if (body.length === 0) return parameters;
  const type = request.headers['content-type'] ?? '';
  if (type.startsWith('application/json')) {
    try {
      const value = JSON.parse(body.toString('utf8')) as unknown;
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return invalidParameter('the body is no object');
      for (const [name, inner] of Object.entries(value)) parameters.set(name, inner);
    } catch {
      return invalidParameter('the body is not JSON');
    }
    return parameters;
  }
  if (!type.startsWith('application/x-www-form-urlencoded') && !type.startsWith('multipart/form-data')) return invalidParameter(`content type ${type}`);
  const form = await new Response(body, { headers: { 'content-type': type } }).formData();
  for (const [name, value] of form) parameters.set(name, value);
  return parameters;
}

export function isAnswer(value: Parameters | StandInAnswer): value is StandInAnswer {
  return !(value instanceof Map);
}

/** Undefined: all of them are known. */
export function unknownOf(parameters: Parameters, known: readonly string[]): string | undefined {
  return [...parameters.keys()].find((name) => !known.includes(name) && name !== 'access_token');
}
