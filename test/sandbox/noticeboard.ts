import { createHash } from 'node:crypto';
import type { StandIn, StandInAnswer, StandInPost, StandInRequest } from '../../src/sandbox/stand-in.js';

/** The least a stand-in can be: whatever is posted to board.example is on it. An empty notice is answered 308 without a body. */
export class Noticeboard implements StandIn {
  readonly id = 'board';
  readonly hosts = ['board.example', 'upload.board.example'];
  readonly #posts: StandInPost[] = [];
  seen: StandInRequest[] = [];

  async handle(request: StandInRequest): Promise<StandInAnswer> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request.body()) chunks.push(chunk);
    this.seen.push(request);
    const text = Buffer.concat(chunks).toString('utf8');
    if (text === 'explode') throw new Error('it fell off the wall');
    const id = String(this.#posts.length + 1);
    this.#posts.push({ id, account: 'all', url: `https://board.example/${id}`, text, videoSha256: createHash('sha256').update(text).digest('hex'), visibility: 'public', publishAtMs: null, createdMs: 0 });
    return text === '' ? { status: 308 } : { status: 201, headers: { 'X-Board': request.url.host }, body: { id, text } };
  }

  refusal(status: number): StandInAnswer {
    return { status, body: { refused: status } };
  }

  posts(): StandInPost[] {
    return [...this.#posts];
  }
}
