import type { StandInAnswer } from '../stand-in.js';
import { noSuchField } from './graph-answers.js';
import type { Parameters } from './parameters.js';

/** A public Reel. */
export interface Media {
  id: string;
  account: string;
  caption: string;
  /** The end of its address. */
  code: string;
  /** Empty: made by hand, in the app. */
  videoSha256: string;
  createdMs: number;
}

/** The fields that were asked for; `id` always comes along. */
export function fieldsOf(node: string, parameters: Parameters, fields: Readonly<Record<string, unknown>>): StandInAnswer {
  const asked = ((parameters.get('fields') as string | undefined) ?? 'id').split(',').filter((field) => field !== '');
  const unknown = asked.find((field) => !Object.hasOwn(fields, field) && field !== 'id');
  if (unknown !== undefined) return noSuchField(unknown, node);
  return { status: 200, body: { ...Object.fromEntries(asked.map((field) => [field, fields[field]])), ...(fields['id'] === undefined ? {} : { id: fields['id'] }) } };
}

export function mediaFields(media: Media): Record<string, unknown> {
  return {
    id: media.id,
    ...(media.caption === '' ? { caption: undefined } : { caption: media.caption }),
    media_type: 'VIDEO',
    media_product_type: 'REELS',
    permalink: permalink(media),
    shortcode: media.code,
    timestamp: `${new Date(media.createdMs).toISOString().slice(0, 19)}+0000`,
  };
}

export function permalink({ code }: Media): string {
  return `https://www.instagram.com/reel/${code}/`;
}

export function cursor(index: number): string {
  return Buffer.from(String(index)).toString('base64url');
}
