import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Word } from '../../src/artifacts/schemas/speech.js';
import { ClipTimeline } from '../../src/media/timeline.js';
import { captionBreaksUs } from '../../src/pipeline/render/caption-breaks.js';
import { cuesOperation } from '../../src/pipeline/render/cues-operation.js';
import { renderRun, transcriptFrom } from '../render/render-run.js';
import { realPlanner } from '../support/real-planner.js';

const range = (start: number, end: number): { startUs: number; endUs: number } => ({ startUs: Math.round(start * 1e6), endUs: Math.round(end * 1e6) });

/** A word at each whole second, `second` long, named after it. */
const counting = Array.from({ length: 60 }, (_, n): Word => ({ text: `w${n}`, spaceBefore: n > 0, startUs: n * 1e6, endUs: n * 1e6 + 400_000, confidence: 0.9 }));

describe('captions of joined ranges', () => {
  it('are in step after 200 joins, and where something is shown twice', async () => {
    const fps = { num: 30_000, den: 1001 };
    const run = await realPlanner();
    const transcript = await run.store.put('transcript', { bytes: new TextEncoder().encode(JSON.stringify(transcriptFrom(counting, 'en'))) });
    // Ends between frames; the source is gone through almost four times.
    const ranges = Array.from({ length: 201 }, (_, n) => range((n % 55) + 0.913, (n % 55) + 1.517));
    const { cues } = await run.planner.task(cuesOperation, { ranges, fps }, { transcript, editedSrt: undefined }, { label: 'cues', priority: 1 });
    const { words } = await run.planner.read(cues);
    const timeline = new ClipTimeline(ranges, fps);
    expect(timeline.pieces).toHaveLength(201);
    expect(words.map(({ text }) => text)).toEqual(ranges.map((_, n) => `w${(n % 55) + 1}`));
    for (const [n, word] of words.entries()) {
      const piece = timeline.pieces[n]!;
      // Where the picture shows the instant at which the word begins, to one frame.
      const shownUs = (piece.firstFrame * 1e6 * fps.den) / fps.num + Number(word.text.slice(1)) * 1e6 - piece.startUs;
      expect(Math.abs(word.startUs - shownUs)).toBeLessThanOrEqual(1);
    }
    await run.close();
  });

  it('go on over a pause that was taken out, and break where the clip goes elsewhere', () => {
    const timeline = new ClipTimeline([range(10, 12), range(12.8, 14), range(30, 32), range(5, 6), range(6, 7)], { num: 25, den: 1 });
    expect(captionBreaksUs(timeline)).toEqual([3_200_000, 5_200_000]);
  });

  it('leave the screen at the join', async () => {
    const run = await renderRun('fixtures/beep-flash.mp4');
    const words = [10, 10.4, 10.8, 30.1, 30.5].map((at, n): Word => ({ text: ['one', 'two', 'three', 'four', 'five'][n]!, spaceBefore: n > 0, startUs: at * 1e6, endUs: at * 1e6 + 390_000, confidence: 0.9 }));
    const { srtPath, assPath, clip } = await run.render({ ranges: [range(10, 11.2), range(30, 31.2)], transcript: transcriptFrom(words, 'en'), format: 'square' });
    expect(clip.checks.filter(({ passed }) => !passed)).toEqual([]);
    expect(readFileSync(srtPath!, 'utf8')).toBe('1\n00:00:00,000 --> 00:00:01,200\none two three\n\n2\n00:00:01,300 --> 00:00:02,400\nfour five\n');
    const pages = readFileSync(assPath!, 'utf8').split('\n').filter((line) => line.startsWith('Dialogue'));
    expect(pages.some((line) => line.includes('three') && line.includes('four'))).toBe(false);
    await run.close();
  });
});
