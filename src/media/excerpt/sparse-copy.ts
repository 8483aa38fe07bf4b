import { open, rm } from 'node:fs/promises';
import type { ByteRange } from '../../artifacts/byte-range.js';
import { explainSystemError } from '../../errors.js';
import { withFile } from '../bytes-at.js';

const blockBytes = 1 << 20;

/**
 * Copies some bytes of a file to their own places in a new one as long, with holes between; replaces what is there.
 * @throws {SnvgError} DISK_FULL
 */
export async function copySparsely(from: string, to: string, sizeBytes: number, ranges: readonly ByteRange[], signal: AbortSignal): Promise<void> {
  await withFile(from, async (source) => {
    // Never through a link: what it leads to would be lost.
    await rm(to, { force: true });
    const target = await open(to, 'wx');
    try {
      await target.truncate(sizeBytes);
      const block = Buffer.allocUnsafe(blockBytes);
      for (const { startByte, endByte } of ranges) {
        for (let at = startByte; at < endByte; ) {
          signal.throwIfAborted();
          const { bytesRead } = await source.read(block, 0, Math.min(blockBytes, endByte - at), at);
          if (bytesRead === 0) break;
          for (let done = 0; done < bytesRead; ) done += (await target.write(block, done, bytesRead - done, at + done)).bytesWritten;
          at += bytesRead;
        }
      }
    } catch (error) {
      throw explainSystemError(error, 'while copying a part of a film') ?? error;
    } finally {
      await target.close();
    }
  });
}
