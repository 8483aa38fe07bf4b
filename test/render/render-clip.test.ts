import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Word } from '../../src/artifacts/schemas/speech.js';
import { safeArea } from '../../src/captions/safe-area.js';
import type { FileRef } from '../../src/pipeline/stage.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { boxOfColor, brightness, frameAtSeconds, makeMedia, onsets } from './look-at-clip.js';
import { fixtureTranscript, type RenderRun, renderRun, transcriptFrom } from './render-run.js';

function speak(texts: readonly string[], startUs: number, eachUs: number): Word[] {
  return texts.map((text, n) => ({ text, spaceBefore: n > 0, startUs: startUs + n * eachUs, endUs: startUs + (n + 1) * eachUs - 20_000, confidence: n === 0 ? 0.3 : 0.9 }));
}

function notices(run: RenderRun): string[] {
  return run.run.events.flatMap((event) => (event.type === 'notice' ? [event.notice.code] : []));
}

/** The operations run since; what is known already is answered without a word. */
function finished(run: RenderRun, since: number): string[] {
  return run.run.events.slice(since).flatMap((event) => (event.type === 'task-finished' ? [event.op] : []));
}

describe('a clip of the talk', () => {
  let run: RenderRun;
  const ranges = [{ startUs: 13_100_000, endUs: 16_600_000 }];
  const transcript = fixtureTranscript('talk', 'en');
  beforeAll(async () => {
    run = await renderRun('fixtures/talk.mp4');
  });
  afterAll(() => run.close());

  it('is what was asked, with its proof, and comes out the same twice', async () => {
    const { clip, path, assPath, srtPath, coverPath } = await run.render({ ranges, transcript });
    expect(clip).toMatchObject({ width: 1080, height: 1920, fps: { num: 30, den: 1 }, frames: 105, durationUs: 3_500_000, ranges });
    expect(clip.checks.map(({ id, passed }) => [id, passed])).toEqual(['streams', 'faststart', 'colour', 'duration', 'source', 'frames', 'picture', 'loudness', 'captions'].map((id) => [id, true]));
    expect(Math.abs(clip.integratedLufs! + 14)).toBeLessThanOrEqual(0.5);
    expect(clip.truePeakDbtp).toBeLessThanOrEqual(-1);
    expect(clip.sha256).toBe(createHash('sha256').update(readFileSync(path)).digest('hex'));
    expect(readFileSync(srtPath!, 'utf8')).toContain('You have about ten seconds');
    expect(readFileSync(assPath!, 'utf8')).toContain('{\\1c&H0000E5FF&}seconds');
    expect(readFileSync(coverPath).subarray(0, 3).toString('hex')).toBe('ffd8ff');
    const other = await renderRun('fixtures/talk.mp4');
    expect((await other.render({ ranges, transcript })).clip.sha256).toBe(clip.sha256);
    await other.close();
  });

  it('is made anew when its own words or colours change, and only then', async () => {
    await run.render({ ranges, transcript });
    let since = run.run.events.length;
    const elsewhere = { ...transcript, words: transcript.words.map((word) => (word.startUs > 60_000_000 ? { ...word, text: `${word.text}x` } : word)) };
    await run.render({ ranges, transcript: elsewhere });
    expect(finished(run, since)).toEqual(['render.cues']);

    since = run.run.events.length;
    await run.render({ ranges, transcript, style: { captionHighlight: '#39E508' } });
    expect(finished(run, since)).toEqual(['render.clip']);

    since = run.run.events.length;
    const plain = await run.render({ ranges, transcript, style: { captions: false } });
    await run.render({ ranges, transcript, style: { captions: false, captionColor: '#FF0000' } });
    expect(finished(run, since)).toEqual(['render.clip']);
    expect(plain.clip.checks.map(({ id }) => id)).not.toContain('captions');
    expect(boxOfColor(frameAtSeconds(plain.path, 1), [255, 229, 0], 40)).toBeUndefined();
    expect(plain.srtPath).toBeDefined();
  });

  it('takes corrections from an edited caption file', async () => {
    const { srtPath } = await run.render({ ranges, transcript });
    const path = join(temporaryFolder(), 'edited.srt');
    writeFileSync(path, readFileSync(srtPath!, 'utf8').replace('seconds', 'minutes'));
    const editedSrt: FileRef = { path, sha256: createHash('sha256').update(readFileSync(path)).digest('hex'), sizeBytes: 1 };
    const edited = await run.render({ ranges, transcript, editedSrt });
    expect(readFileSync(edited.assPath!, 'utf8')).toContain('{\\1c&H0000E5FF&}minutes');
    expect(edited.clip.checks.every(({ passed }) => passed)).toBe(true);
    writeFileSync(path, 'not captions');
    await expect(run.render({ ranges, transcript, editedSrt: { ...editedSrt, sha256: 'ab'.repeat(32) } })).rejects.toMatchObject({ code: 'CAPTIONS_INVALID' });
  });
});

describe('sound and picture', () => {
  it.each(['beep-flash.mp4', 'beep-flash-vfr.mp4', 'beep-flash.ts'])('of %s stay together to one frame, cut and joined', async (name) => {
    // A transport stream has no index: a seek lands between keyframes.
    const file = name.endsWith('.ts') ? makeMedia(['-i', 'fixtures/beep-flash.mp4', '-c', 'copy'], join(temporaryFolder(), name)) : `fixtures/${name}`;
    const run = await renderRun(file);
    const { clip, path } = await run.render({ ranges: [{ startUs: 20_500_000, endUs: 23_500_000 }, { startUs: 40_700_000, endUs: 42_300_000 }], style: { captions: false } });
    const frame = clip.fps.den / clip.fps.num;
    const levels = brightness(path);
    const dark = Math.min(...levels);
    const bright = Math.max(...levels);
    const flashes = levels.flatMap((level, n) => (level > (dark + bright) / 2 && !((levels[n - 1] ?? 0) > (dark + bright) / 2) ? [n * frame] : []));
    const expected = [0.5, 1.5, 2.5, 3.3, 4.3];
    expect(flashes).toHaveLength(expected.length);
    const beeps = onsets(path);
    expect(beeps).toHaveLength(expected.length);
    for (const [n, at] of expected.entries()) {
      expect(Math.abs(flashes[n]! - at)).toBeLessThanOrEqual(frame + 1e-6);
      expect(Math.abs(beeps[n]! - flashes[n]!)).toBeLessThanOrEqual(frame);
    }
    expect(Math.abs(levels.length * frame - 4.6)).toBeLessThanOrEqual(frame);
    await run.close();
  });
});

describe('captions in the picture', () => {
  it('stay inside the safe area with a 40-letter word, from a folder with a hostile name, in each format', async () => {
    const dir = join(temporaryFolder(), "a'b:c [d], e");
    mkdirSync(dir);
    copyFileSync('fixtures/beep-flash.mp4', join(dir, "x'y: z.mp4"));
    const run = await renderRun(join(dir, "x'y: z.mp4"));
    const words = speak(['Donaudampfschifffahrtsgesellschaftsbeamte'], 10_200_000, 1_600_000);
    for (const format of ['vertical', 'square', 'wide'] as const) {
      const { path, clip } = await run.render({ ranges: [{ startUs: 10_100_000, endUs: 11_900_000 }], transcript: transcriptFrom(words, 'de'), format, style: { captionHighlight: '#00FF00' } });
      const box = boxOfColor(frameAtSeconds(path, 0.5), [0, 255, 0], 120)!;
      const safe = safeArea(clip.width, clip.height);
      expect(box.left, format).toBeGreaterThanOrEqual(safe.x);
      expect(box.right, format).toBeLessThan(safe.x + safe.width);
      expect(box.top, format).toBeGreaterThanOrEqual(safe.y);
      expect(box.bottom, format).toBeLessThan(safe.y + safe.height);
      expect(box.right - box.left, format).toBeGreaterThan(clip.width * 0.3);
      expect(clip.doubtfulWords.map(({ text }) => text)).toEqual([words[0]!.text]);
    }
    await run.close();
  });

  it('are announced as missing when nothing is said, or when the fonts lack the letters', async () => {
    const run = await renderRun('fixtures/beep-flash.mp4');
    const silent = await run.render({ ranges: [{ startUs: 10_000_000, endUs: 11_500_000 }] });
    expect(silent.clip.captions).toBeNull();
    expect(notices(run)).toContain('CAPTIONS_NONE');
    await run.render({ ranges: [{ startUs: 10_000_000, endUs: 11_500_000 }], transcript: transcriptFrom(speak(['שלום', 'עולם'], 10_100_000, 600_000), 'he') });
    const missing = run.run.events.flatMap((event) => (event.type === 'notice' && event.notice.code === 'GLYPH_MISSING' ? [event.notice.message] : []));
    expect(missing[0]).toContain('Hebrew');
    await run.close();
  });

  it('of Japanese come in the Japanese face', async () => {
    const run = await renderRun('fixtures/short-ja.mp4');
    const { assPath, clip } = await run.render({ ranges: [{ startUs: 6_300_000, endUs: 9_000_000 }], transcript: fixtureTranscript('short-ja', 'ja') });
    expect(readFileSync(assPath!, 'utf8')).toContain('Noto Sans JP');
    expect(clip.checks.find(({ id }) => id === 'captions')!.passed).toBe(true);
    expect(notices(run)).not.toContain('GLYPH_MISSING');
    await run.close();
  });
});
