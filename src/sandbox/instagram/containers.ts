import { createHash, type Hash } from 'node:crypto';

/** An uploaded film that is not public yet. */
export interface Container {
  id: string;
  account: string;
  caption: string;
  createdMs: number;
  /** The whole film's, as the first upload request declared it. */
  sizeBytes: number | undefined;
  arrivedBytes: number;
  hash: Hash;
  completeMs: number | undefined;
  /** Set: Instagram cannot use the film, for this subcode. */
  spoiled: number | undefined;
  mediaId: string | undefined;
}

export type ContainerState = 'IN_PROGRESS' | 'FINISHED' | 'ERROR' | 'EXPIRED' | 'PUBLISHED';

const lifetimeMs = 24 * 60 * 60 * 1000;

export function newContainer(given: { id: string; account: string; caption: string; createdMs: number }): Container {
  return { ...given, sizeBytes: undefined, arrivedBytes: 0, hash: createHash('sha256'), completeMs: undefined, spoiled: undefined, mediaId: undefined };
}

export function stateOf(container: Container, nowMs: number, processingMs: number): ContainerState {
  if (container.mediaId !== undefined) return 'PUBLISHED';
  if (nowMs - container.createdMs >= lifetimeMs) return 'EXPIRED';
  if (container.completeMs === undefined || nowMs < container.completeMs + processingMs) return 'IN_PROGRESS';
  return container.spoiled === undefined ? 'FINISHED' : 'ERROR';
}

/** `status`: words; for ERROR they end in the subcode. */
export function statusText(container: Container, state: ContainerState): string {
  const words = { IN_PROGRESS: 'In Progress: Media is still being processed.', FINISHED: 'Finished: Media has been uploaded and it is ready to be published.', EXPIRED: 'Expired: Media has not been published within 24 hours.', PUBLISHED: 'Published: Media has been published.', ERROR: '' };
  return state === 'ERROR' ? `Error: Media upload has failed with error code ${container.spoiled}` : words[state];
}

/** What `video_status` tells about the upload. */
export function videoStatus(container: Container, state: ContainerState): object {
  const complete = container.completeMs !== undefined;
  return {
    uploading_phase: { status: complete ? 'complete' : container.arrivedBytes > 0 ? 'in_progress' : 'not_started', bytes_transferred: container.arrivedBytes },
    processing_phase: { status: !complete ? 'not_started' : state === 'IN_PROGRESS' ? 'in_progress' : state === 'ERROR' ? 'error' : 'complete' },
  };
}
