import type { StandInAnswer, StandInRequest } from '../stand-in.js';
import type { Container } from './containers.js';
import { uploadError } from './graph-answers.js';

/**
 * One upload request: `offset` must be where the last one ended, and the body everything from there to `file_size`. What arrives of a body
 * that is cut short is kept.
 */
export async function receiveFilm(request: StandInRequest, container: Container, nowMs: number): Promise<StandInAnswer> {
  const { offset, file_size: fileSize } = request.headers;
  if (!isCount(offset) || !isCount(fileSize) || Number(fileSize) === 0) return uploadError(400, 'InvalidHeadersError', false, 'The headers offset and file_size are needed');
  const sizeBytes = Number(fileSize);
  if (container.sizeBytes !== undefined && container.sizeBytes !== sizeBytes) return uploadError(400, 'InvalidHeadersError', false, 'The file_size is not the one of the first request');
  if (Number(offset) !== container.arrivedBytes || container.completeMs !== undefined) return uploadError(400, 'OffsetInvalidError', true, 'Request starting offset is invalid');
  container.sizeBytes = sizeBytes;
  let tooMuch = false;
  try {
    for await (const chunk of request.body()) {
      if (container.arrivedBytes + chunk.length > sizeBytes) {
        tooMuch = true;
        break;
      }
      container.hash.update(chunk);
      container.arrivedBytes += chunk.length;
    }
  } catch {
    return partial();
  }
  if (tooMuch) return uploadError(400, 'InvalidHeadersError', false, 'The body is longer than file_size');
  if (container.arrivedBytes < sizeBytes) return partial();
  container.completeMs = nowMs;
  return { status: 200, body: { success: true, message: 'Upload successful.' } };
}

function partial(): StandInAnswer {
  return uploadError(206, 'PartialRequestError', true, 'Partial request (did not match length of file)');
}

function isCount(text: string | undefined): text is string {
  return text !== undefined && /^\d{1,15}$/.test(text);
}
