import { PlatformFault } from '../faults.js';
import type { Publication, PublicationStep, PublishContext } from '../publisher.js';
import { captionFor } from './caption.js';
import { readContainer, readUpload, type ContainerStatus } from './container.js';
import { callGraph } from './graph.js';
import { captionHash, withoutContainer, writeMemory, type Memory } from './memory.js';
import { instagramOptions } from './options.js';
import { newestPost } from './posted-media.js';
import { byCaption, openQuestion, publicStep } from './publish.js';
import { sendFilm } from './upload.js';

/** Meta asks for one look a minute. The first comes sooner: short films are ready within seconds. */
const firstLookMs = 15_000;
const lookMs = 60_000;
/** Meta speaks of five minutes; long films take longer. Counted in looks, so that a clock that jumps ends nothing. */
const maxLooks = 30;
/** Containers that Instagram may fail on before it counts as the film's fault. */
const maxSpoiled = 3;
/** The account's posts of 24 hours are used up: one becomes free when the oldest is 24 hours old, and nobody says when that is. */
const quotaLookMs = 60 * 60_000;

/** Opens a container: nothing is public, and one that is forgotten ends by itself. */
export async function begin(publication: Publication, memory: Memory, context: PublishContext): Promise<PublicationStep> {
  await refuseWithoutQuota(publication.account, context);
  const newestBefore = await newestPost(context, publication.account);
  const options = instagramOptions.parse(context.options);
  const caption = captionFor(context.clip);
  const body = await callGraph(context, {
    method: 'POST',
    path: `${publication.account}/media`,
    json: {
      media_type: 'REELS',
      upload_type: 'resumable',
      ...(caption === '' ? {} : { caption }),
      share_to_feed: options.shareToFeed,
      ...(options.thumbOffsetMs === undefined ? {} : { thumb_offset: options.thumbOffsetMs }),
      ...(options.collaborators?.length ? { collaborators: options.collaborators.map((name) => name.replace(/^@/, '')) } : {}),
      ...(options.locationId === undefined ? {} : { location_id: options.locationId }),
      ...(options.audioName === undefined ? {} : { audio_name: options.audioName }),
    },
  });
  const { id, uri } = body;
  if (typeof id !== 'string' || id === '') throw new PlatformFault('retry', { code: 'container', message: 'Instagram opened no container', remedy: 'Nothing to do: it is tried again.' });
  const opened: Memory = {
    ...withoutContainer(memory, memory.spoiled),
    newestBefore,
    containerId: id,
    ...(typeof uri === 'string' ? { uri } : {}),
    createdMs: context.nowMs(),
    clipSha256: context.clip.sha256,
    captionSha256: captionHash(caption),
  };
  return { state: 'uploading', handle: writeMemory(opened) };
}

/** Asks how much has arrived and sends the rest. */
export async function upload(memory: Memory & { containerId: string }, context: PublishContext): Promise<PublicationStep> {
  const status = await readUpload(context, memory.containerId);
  if (status.code === 'PUBLISHED') return publicStep(memory, context);
  if (status.code !== 'IN_PROGRESS' && status.code !== 'FINISHED') return another(memory, status);
  const startByte = Math.min(status.bytesArrived ?? 0, context.clip.sizeBytes);
  if (status.code === 'IN_PROGRESS' && startByte < context.clip.sizeBytes) {
    const outcome = await sendFilm(context, { containerId: memory.containerId, uri: memory.uri, startByte, isGuess: status.bytesArrived === undefined });
    if (outcome.kind === 'spoiled') return another(memory, { code: 'ERROR', reason: outcome.reason, subcode: undefined, bytesArrived: undefined });
  }
  context.progress(1);
  return { state: 'processing', handle: writeMemory({ ...memory, uploaded: true, polls: 0 }), notBeforeMs: context.nowMs() + firstLookMs };
}

/** Looks whether the film is ready to be published. */
export async function look(publication: Publication, memory: Memory & { containerId: string }, context: PublishContext): Promise<PublicationStep> {
  let status: ContainerStatus;
  try {
    status = await readContainer(context, memory.containerId);
  } catch (error) {
    if (!memory.committed || !(error instanceof PlatformFault) || error.kind !== 'refused') throw error;
    // That the question is refused says nothing about what became of the post.
    return undecided(openQuestion(publication, memory, `Instagram does not say what became of it (${error.message})`));
  }
  switch (status.code) {
    case 'PUBLISHED':
      return publicStep(memory, context);
    case 'FINISHED':
      return { state: 'committing', handle: writeMemory({ ...memory, committed: true }) };
    case 'IN_PROGRESS':
      return lookAgain(publication, memory, context);
    case 'gone':
      return memory.committed ? gone(publication, memory, context, status.reason) : another(memory, status);
    case 'ERROR':
    case 'EXPIRED':
      return another(memory, status);
  }
}

/** Publishing was asked for and the container cannot be seen any more: sending the film again could post it twice. */
async function gone(publication: Publication, memory: Memory, context: PublishContext, reason: string): Promise<PublicationStep> {
  const verdict = await byCaption(publication, memory, context, reason);
  return 'found' in verdict ? verdict.found : undecided(verdict.undecided);
}

function undecided({ question, reason: message }: { question: string; reason: string }): PublicationStep {
  return { state: 'unknown', problem: { code: 'PUBLICATION_UNKNOWN', message, remedy: 'Answer with snvg publish --resolve posted=<url> or not-posted', question } };
}

/** The next look, or the end of looking. */
export function lookAgain(publication: Publication, memory: Memory, context: PublishContext): PublicationStep {
  const polls = memory.polls + 1;
  if (polls >= maxLooks) {
    if (memory.committed) return undecided(openQuestion(publication, memory, `Instagram was asked to publish it, and is still at work on the film after ${maxLooks} looks, a minute apart`));
    return {
      state: 'failed',
      handle: null,
      problem: { code: 'REMOTE_UNAVAILABLE', message: `Instagram was not done with the film after ${maxLooks} looks, a minute apart; nothing is public`, remedy: 'Publish again later: snvg publish --retry' },
    };
  }
  return { state: 'processing', handle: writeMemory({ ...memory, polls }), notBeforeMs: context.nowMs() + lookMs };
}

/** These say that the film itself will not do. */
const filmRefused: ReadonlySet<number> = new Set([2207026, 2207023, 2207057, 2207010]);

/** The container is of no use any more and nothing of it is public: begins again, or gives up. */
export function another(memory: Memory, status: ContainerStatus): PublicationStep {
  // That it ran out of time says nothing about the film.
  if (status.code === 'EXPIRED') return { state: 'claimed', handle: writeMemory(withoutContainer(memory, memory.spoiled)) };
  const spoiled = memory.spoiled + 1;
  if (spoiled < maxSpoiled && !(status.subcode !== undefined && filmRefused.has(status.subcode))) return { state: 'claimed', handle: writeMemory(withoutContainer(memory, spoiled)) };
  const why = status.reason === '' ? 'without saying why' : `: ${status.reason}`;
  return {
    state: 'failed',
    handle: null,
    problem: { code: 'REMOTE_REFUSED', message: `Instagram could not use the film${why.startsWith(':') ? '' : ' '}${why}`, remedy: 'Nothing is public. Render the clip again (snvg process), or publish another format; then snvg publish --retry' },
  };
}

/** Reads what the account may still post: a rolling window that only Instagram knows. */
async function refuseWithoutQuota(account: string, context: PublishContext): Promise<void> {
  const body = await callGraph(context, { method: 'GET', path: `${account}/content_publishing_limit`, query: { fields: 'quota_usage,config' } });
  const [entry] = Array.isArray(body['data']) ? (body['data'] as { quota_usage?: unknown; config?: { quota_total?: unknown } }[]) : [];
  const used = entry?.quota_usage;
  const total = entry?.config?.quota_total;
  if (typeof used !== 'number' || typeof total !== 'number' || used < total) return;
  throw new PlatformFault('quota', {
    code: 'content_publishing_limit',
    message: `${used} of the ${total} posts that Instagram takes from programs in 24 hours are used`,
    remedy: 'Nothing to do: it is tried again every hour. Spread posts over the day: snvg schedule.',
    retryAtMs: context.nowMs() + quotaLookMs,
  });
}
