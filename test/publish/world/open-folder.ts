import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filePublisher } from '../../../src/publishers/file/index.js';
import type { OpenPlatform } from './platform-case.js';

/** An outbox on the disk, which the first post makes. */
export async function openFolder(): Promise<OpenPlatform> {
  const dir = mkdtempSync(join(tmpdir(), 'snvg-outbox-'));
  const outbox = join(dir, 'outbox');
  return { publisher: filePublisher, account: { id: outbox, name: outbox }, standIn: null, posts: () => postsIn(outbox), secrets: [], close: () => rmSync(dir, { recursive: true, force: true }) };
}

/** Every folder that a person sees there. @throws when one is not whole */
function postsIn(outbox: string): { account: string; videoSha256: string }[] {
  if (!existsSync(outbox)) return [];
  const seen = readdirSync(outbox).filter((name) => !name.startsWith('.'));
  return seen.map((name) => {
    const folder = join(outbox, name);
    const films = readdirSync(folder).filter((file) => file.endsWith('.mp4'));
    const [videoSha256] = films.map((film) => createHash('sha256').update(readFileSync(join(folder, film))).digest('hex'));
    const mark = JSON.parse(readFileSync(join(folder, 'post.json'), 'utf8')) as { clipSha256: string };
    if (videoSha256 === undefined || videoSha256 !== mark.clipSha256) throw new Error(`${folder} does not hold the film that it says`);
    return { account: outbox, videoSha256 };
  });
}
