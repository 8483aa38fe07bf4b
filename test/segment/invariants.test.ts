import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Transcript, Word } from '../../src/artifacts/schemas/speech.js';
import { choose } from '../../src/pipeline/segment/choose.js';
import { readTalk } from '../../src/pipeline/segment/talk.js';
import { buildSentences } from '../../src/text/sentences.js';
import { levelsFrom, talkInputs } from './truth-talk.js';

const vocabulary = ['silence', 'bakery', 'What', 'is', 'the', 'do', 'you', 'never', 'and', 'So', 'But', 'He', 'numbers', 'twelve', 'street', 'um', 'again', 'voice', 'listen', 'story'];

interface Spoken {
  text: string;
  mark: string;
  lengthMs: number;
  gapMs: number;
}

const spoken = fc.record<Spoken>({
  text: fc.constantFrom(...vocabulary),
  mark: fc.constantFrom('', '', '', '', '', '.', '.', '?', ',', '…'),
  lengthMs: fc.integer({ min: 40, max: 900 }),
  gapMs: fc.oneof({ arbitrary: fc.integer({ min: 0, max: 90 }), weight: 4 }, { arbitrary: fc.integer({ min: 0, max: 1500 }), weight: 2 }, fc.integer({ min: 0, max: 9000 })),
});

function transcriptFrom(tokens: readonly Spoken[], origin: Transcript['origin']): { transcript: Transcript; durationUs: number } {
  let atUs = 0;
  const words = tokens.map(({ text, mark, lengthMs, gapMs }): Word => {
    const startUs = atUs + gapMs * 1000;
    atUs = startUs + lengthMs * 1000;
    return { text: text + mark, spaceBefore: true, startUs, endUs: atUs, confidence: 0.8 };
  });
  const durationUs = atUs + 700_000;
  return { durationUs, transcript: { schemaVersion: 1, language: 'en', spans: [], origin, words, sentences: buildSentences(words, 'en') } };
}

describe('choose', () => {
  it('keeps its rules on any transcript', () => {
    fc.assert(
      fc.property(
        fc.array(spoken, { maxLength: 300 }),
        fc.constantFrom('recognised' as const, 'words' as const, 'cues' as const),
        fc.option(fc.integer({ min: 1, max: 12 })),
        fc.integer({ min: 3, max: 30 }),
        fc.integer({ min: 1, max: 60 }),
        fc.constantFrom(24, 30, 60),
        (tokens, origin, clips, minSeconds, more, fps) => {
          const { transcript, durationUs } = transcriptFrom(tokens, origin);
          const wish = { clips, minLengthUs: minSeconds * 1_000_000, maxLengthUs: (minSeconds + more) * 1_000_000 };
          const inputs = talkInputs({ transcript, durationUs, fps, levels: levelsFrom(transcript.words, durationUs) });
          const { candidates, selection, notices } = choose(readTalk(inputs), wish);
          const relaxed = notices.some((notice) => notice.code === 'SHORT_CLIP');
          let lastEndUs = 0;
          for (const moment of selection.moments) {
            const [range] = moment.ranges;
            expect(range!.startUs).toBeGreaterThanOrEqual(lastEndUs);
            lastEndUs = range!.endUs;
            expect(range!.endUs).toBeLessThanOrEqual(durationUs);
            expect(range!.endUs - range!.startUs).toBeGreaterThanOrEqual(relaxed ? 5_000_000 : wish.minLengthUs);
            expect(range!.endUs - range!.startUs).toBeLessThanOrEqual(wish.maxLengthUs);
            for (const cutUs of [range!.startUs, range!.endUs]) {
              expect(Number.isInteger(cutUs)).toBe(true);
              for (const word of transcript.words) expect(cutUs > word.startUs && cutUs < word.endUs).toBe(false);
            }
            expect(moment.title).not.toBe('');
          }
          expect(new Set(selection.moments.map((moment) => moment.lineage)).size).toBe(selection.moments.length);
          for (const candidate of candidates.candidates) expect(candidate.reason).not.toBe('');
          expect(candidates.candidates.filter((candidate) => candidate.state === 'selected')).toHaveLength(selection.moments.length);
          if (selection.moments.length === 0) expect(notices).toContainEqual(expect.objectContaining({ code: 'NO_CANDIDATE', severity: 'degraded' }));
          else if (clips !== null && selection.moments.length < clips) expect(notices.some((notice) => notice.code === 'FEWER_CLIPS' || notice.code === 'SHORT_CLIP')).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });
});
