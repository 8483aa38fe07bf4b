import { callGraph, type GraphBody, type GraphContext } from './graph.js';
import { captionHash } from './memory.js';

/** A Reel on the account. */
export interface PostedMedia {
  id: string;
  permalink: string | undefined;
}

const pageSize = 50;
/** Far more posts than an account may make between two looks. */
const maxPages = 4;

/** The newest post's id; null when there is none. @throws {PlatformFault}, {LostReply} */
export async function newestPost(context: GraphContext, account: string): Promise<string | null> {
  const [newest] = entries(await callGraph(context, { method: 'GET', path: `${account}/media`, query: { fields: 'id', limit: '1' } }));
  return typeof newest?.['id'] === 'string' ? newest['id'] : null;
}

/**
 * The Reel with this caption that came after `newestBefore`; of several the first one, for it is the one that was sent. None when
 * `newestBefore` is not met any more: then an older post with the same text could not be told from it.
 * @throws {PlatformFault}, {LostReply}
 */
export async function findPosted(context: GraphContext, account: string, wanted: { captionSha256: string; newestBefore: string | null }): Promise<PostedMedia | undefined> {
  let found: PostedMedia | undefined;
  let after: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const body: GraphBody = await callGraph(context, {
      method: 'GET',
      path: `${account}/media`,
      query: { fields: 'id,caption,media_product_type,permalink,timestamp', limit: String(pageSize), ...(after === undefined ? {} : { after }) },
    });
    const listed = entries(body);
    for (const entry of listed) {
      if (entry['id'] === wanted.newestBefore) return found;
      const caption = typeof entry['caption'] === 'string' ? entry['caption'] : '';
      if (entry['media_product_type'] === 'REELS' && captionHash(caption) === wanted.captionSha256) found = { id: String(entry['id']), permalink: text(entry['permalink']) };
    }
    after = text((body['paging'] as { cursors?: GraphBody } | undefined)?.cursors?.['after']);
    if (after === undefined || listed.length < pageSize) break;
  }
  return wanted.newestBefore === null ? found : undefined;
}

/** @throws {PlatformFault}, {LostReply} */
export async function readPermalink(context: GraphContext, mediaId: string): Promise<string | undefined> {
  return text((await callGraph(context, { method: 'GET', path: mediaId, query: { fields: 'permalink' } }))['permalink']);
}

function entries(body: GraphBody): GraphBody[] {
  return Array.isArray(body['data']) ? (body['data'] as GraphBody[]) : [];
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
