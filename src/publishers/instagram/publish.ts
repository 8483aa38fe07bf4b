import { LostReply, PlatformFault } from '../faults.js';
import type { Lookup, Publication, PublicationStep, PublishContext } from '../publisher.js';
import { readContainer } from './container.js';
import { askGraph } from './graph.js';
import { GraphRefusal } from './graph-fault.js';
import { writeMemory, type Memory } from './memory.js';
import { findPosted, readPermalink } from './posted-media.js';

/** The post is public; its address follows. Counted once, here. */
export function publicStep(memory: Memory, context: PublishContext, mediaId?: string): PublicationStep {
  return {
    state: 'processing',
    handle: writeMemory({ ...memory, isPublic: true, linkTries: 0, ...(mediaId === undefined ? {} : { mediaId }) }),
    notBeforeMs: context.nowMs(),
    spent: { posts: 1 },
  };
}

/**
 * Makes the container public. Refusals are not believed before the container itself says that it is not public: posts were seen online
 * after answers like 4/2207051.
 * @throws {PlatformFault} it is not public; {LostReply} nobody knows
 */
export async function publish(publication: Publication, memory: Memory & { containerId: string }, context: PublishContext): Promise<PublicationStep | 'look' | 'another'> {
  const outcome = await askGraph(context, { method: 'POST', path: `${publication.account}/media_publish`, json: { creation_id: memory.containerId } });
  if (!(outcome instanceof GraphRefusal)) {
    const { id } = outcome;
    if (typeof id !== 'string' || id === '') throw new LostReply('Instagram answered without the id of the post');
    return publicStep(memory, context, id);
  }
  const fault = outcome.fault(context.nowMs());
  // A login that is not accepted could not publish, and could not look either.
  if (fault.kind === 'auth') throw fault;
  const status = await readContainer(context, memory.containerId).catch((error: unknown) => {
    throw error instanceof PlatformFault ? new LostReply(`Instagram refused (${outcome.code}), and the container cannot be asked: ${error.message}`, { cause: error }) : error;
  });
  if (status.code === 'PUBLISHED') return publicStep(memory, context);
  if (status.code === 'IN_PROGRESS') return 'look';
  if (status.code === 'ERROR' || status.code === 'EXPIRED') return 'another';
  if (status.code === 'gone') throw new LostReply(`Instagram refused (${outcome.code}) and does not find the container any more`);
  if (outcome.meaning === 'again' || outcome.meaning === 'anew' || outcome.meaning === 'gone') return onceMore(memory, fault, context);
  throw fault;
}

/** Meta: "try again 1–2 times"; then with another container. */
const maxPublishTries = 3;

function onceMore(memory: Memory, fault: PlatformFault, context: PublishContext): PublicationStep | 'another' {
  const publishTries = memory.publishTries + 1;
  if (publishTries >= maxPublishTries) return 'another';
  return { state: 'processing', handle: writeMemory({ ...memory, publishTries }), notBeforeMs: fault.retryAtMs ?? context.nowMs() + 30_000 };
}

/** From here on nothing can fail: a post without its address is still a post. */
const maxLinkTries = 5;

/** Finds the address of what is public. Throws only when it is told to stop. */
export async function link(publication: Publication, memory: Memory, context: PublishContext): Promise<PublicationStep> {
  let url: string | undefined;
  try {
    url = memory.mediaId === undefined ? await permalinkByCaption(publication, memory, context) : await readPermalink(context, memory.mediaId);
  } catch {
    context.signal.throwIfAborted();
  }
  if (url !== undefined) return { state: 'published', url };
  const linkTries = memory.linkTries + 1;
  if (linkTries < maxLinkTries) return { state: 'processing', handle: writeMemory({ ...memory, linkTries }), notBeforeMs: context.nowMs() + linkTries * 15_000 };
  return {
    state: 'published',
    notice: { message: `The Reel is public on ${publication.accountName}, but Instagram did not tell its address`, remedy: 'Find it in the profile. The address can be noted: snvg publish --resolve posted=<url>' },
  };
}

async function permalinkByCaption(publication: Publication, memory: Memory, context: PublishContext): Promise<string | undefined> {
  if (memory.captionSha256 === undefined) return undefined;
  return (await findPosted(context, publication.account, { captionSha256: memory.captionSha256, newestBefore: memory.newestBefore }))?.permalink;
}

/** What became of a container whose publishing was asked for and not answered. A container can be published once, so it decides. */
export async function lookUp(publication: Publication, memory: Memory, context: PublishContext): Promise<Lookup | 'another'> {
  if (memory.isPublic) return { found: await link(publication, memory, context) };
  if (memory.containerId === undefined) return { absent: { state: 'claimed' } };
  const status = await readContainer(context, memory.containerId);
  switch (status.code) {
    case 'PUBLISHED':
      return { found: publicStep(memory, context) };
    case 'FINISHED':
    case 'IN_PROGRESS':
      return { absent: { state: 'processing', handle: writeMemory(memory) } };
    case 'ERROR':
    case 'EXPIRED':
      return 'another';
    case 'gone':
      return byCaption(publication, memory, context, status.reason);
  }
}

/** Of a container that is not to be seen any more, the list of posts decides, or a person. @throws {PlatformFault}, {LostReply} */
export async function byCaption(publication: Publication, memory: Memory, context: PublishContext, reason: string): Promise<Extract<Lookup, { found: unknown } | { undecided: unknown }>> {
  const posted = memory.captionSha256 === undefined ? undefined : await findPosted(context, publication.account, { captionSha256: memory.captionSha256, newestBefore: memory.newestBefore });
  if (posted?.permalink !== undefined) return { found: { state: 'published', url: posted.permalink, handle: writeMemory({ ...memory, isPublic: true, mediaId: posted.id }), spent: { posts: 1 } } };
  return { undecided: openQuestion(publication, memory, `Instagram no longer knows the upload it was to be made from, and lists no Reel with this text (${reason})`) };
}

/** What only a person who looks at the profile can say. */
export function openQuestion(publication: Publication, memory: Memory, reason: string): { question: string; reason: string } {
  const since = memory.createdMs === undefined ? '' : ` since ${new Date(memory.createdMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return {
    question: `Is there a Reel “${publication.title}” on the Instagram profile ${publication.accountName}${since}?`,
    reason,
  };
}
