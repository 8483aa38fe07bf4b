import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Transcript } from '../../src/artifacts/schemas/speech.js';
import { choose } from '../../src/pipeline/segment/choose.js';
import { lineageOf } from '../../src/pipeline/segment/lineage.js';
import { readTalk } from '../../src/pipeline/segment/talk.js';
import { findTopics } from '../../src/pipeline/segment/topics.js';
import { buildSentences } from '../../src/text/sentences.js';
import { contentWords } from '../../src/text/words.js';
import { wordsOf } from '../text/words-of.js';
import { levelsFrom, talkInputs } from './truth-talk.js';

const source = 'cd'.repeat(32);

describe('lineageOf', () => {
  it('never gives two moments of one source that do not overlap the same name', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 600_000_000 }), fc.integer({ min: 3_000_000, max: 60_000_000 }), fc.integer({ min: 0, max: 60_000_000 }), fc.integer({ min: 3_000_000, max: 60_000_000 }), (startUs, firstUs, gapUs, secondUs) => {
        const first = { startUs, endUs: startUs + firstUs };
        const second = { startUs: first.endUs + gapUs, endUs: first.endUs + gapUs + secondUs };
        expect(lineageOf(source, [first])).not.toBe(lineageOf(source, [second]));
      }),
    );
  });

  it('survives most small edits and depends on the source', () => {
    let kept = 0;
    for (let n = 0; n < 200; n += 1) {
      const startUs = n * 3_137_000;
      const range = { startUs, endUs: startUs + 30_000_000 };
      const edited = { startUs: range.startUs + 300_000, endUs: range.endUs - 300_000 };
      if (lineageOf(source, [range]) === lineageOf(source, [edited])) kept += 1;
    }
    expect(kept).toBeGreaterThanOrEqual(190);
    expect(lineageOf(source, [{ startUs: 0, endUs: 9_000_000 }])).not.toBe(lineageOf('ef'.repeat(32), [{ startUs: 0, endUs: 9_000_000 }]));
  });
});

describe('findTopics', () => {
  const subjects = ['bread flour oven bakery dough yeast', 'rocket orbit engine moon astronaut capsule', 'violin orchestra melody rhythm concert choir'];

  it('finds where one subject ends and another begins', () => {
    const lines = subjects.flatMap((subject, topic) => {
      const words = subject.split(' ');
      return Array.from({ length: 20 }, (_, n) => {
        const text = `The ${words[n % 6]} and the ${words[(n + 1) % 6]} met a ${words[(n + 2) % 6]}.`;
        const startUs = (topic * 20 + n) * 5_000_000;
        return { text, language: 'en', content: contentWords(text, 'en'), startUs, endUs: startUs + 4_600_000, pauseBeforeUs: 400_000 };
      });
    });
    expect(findTopics(lines).map((topic) => topic.firstSentence)).toEqual([0, 20, 40]);
  });

  it('covers everything in order, and leaves one subject whole', () => {
    expect(findTopics([])).toEqual([]);
    const lines = Array.from({ length: 30 }, (_, n) => ({ text: 'x', language: 'en', content: ['bread', 'oven'], startUs: n * 4_000_000, endUs: n * 4_000_000 + 3_000_000, pauseBeforeUs: 300_000 }));
    expect(findTopics(lines)).toEqual([{ firstSentence: 0, lastSentence: 29 }]);
  });
});

function chooseText(text: string, options: { origin?: Transcript['origin']; stretch?: boolean; quiet?: boolean; tailUs?: number; minSeconds?: number } = {}) {
  const spoken = wordsOf(text, { startUs: 1_000_000 });
  const durationUs = spoken.at(-1)!.endUs + (options.tailUs ?? 1_000_000);
  const levels = levelsFrom(options.quiet === false ? [{ startUs: 0, endUs: durationUs }] : spoken, durationUs);
  // Some engines let each word last until the next one.
  const words = options.stretch ? spoken.map((word, index) => ({ ...word, endUs: spoken[index + 1]?.startUs ?? word.endUs })) : spoken;
  const transcript: Transcript = { schemaVersion: 1, language: 'en', spans: [], origin: options.origin ?? 'recognised', words, sentences: buildSentences(words, 'en') };
  const islands = options.quiet === false ? [{ startUs: 0, endUs: durationUs }] : undefined;
  const inputs = talkInputs({ transcript, durationUs, fps: 30, levels, islands });
  return { ...choose(readTalk(inputs), { clips: 1, minLengthUs: (options.minSeconds ?? 8) * 1_000_000, maxLengthUs: 30_000_000 }), spoken };
}

const story = 'The bakery opens early every single morning. | The street smells of warm bread and coffee. | Nobody who lives there needs a clock. | The baker never sleeps before the ovens cool.';

describe('choose', () => {
  it('cuts in silences hidden inside stretched words', () => {
    const { selection, spoken } = chooseText(`${story} | ${story.replaceAll('bakery', 'library')}`, { stretch: true, minSeconds: 5 });
    expect(selection.moments).toHaveLength(1);
    for (const cutUs of [selection.moments[0]!.ranges[0]!.startUs, selection.moments[0]!.ranges[0]!.endUs]) {
      for (const word of spoken) expect(cutUs > word.startUs && cutUs < word.endUs).toBe(false);
    }
  });

  it('uses cue words only where the sound pauses', () => {
    expect(chooseText(story, { origin: 'cues' }).selection.moments).toHaveLength(1);
    const loud = chooseText(`${story} ${story}`, { origin: 'cues', quiet: false });
    expect(loud.candidates.candidates.filter((candidate) => candidate.reason.startsWith('no pause to cut in')).length).toBeGreaterThan(4);
  });

  it('gives a shorter clip from short speech, none from hardly any, and says so', () => {
    const short = chooseText(story, { minSeconds: 25 });
    expect(short.selection.moments).toHaveLength(1);
    expect(short.notices.map((notice) => notice.code)).toEqual(['SHORT_CLIP']);
    const none = chooseText('Hello there, everybody.', { minSeconds: 25 });
    expect(none.selection.moments).toHaveLength(0);
    expect(none.notices).toEqual([expect.objectContaining({ code: 'NO_CANDIDATE', severity: 'degraded', message: expect.stringContaining('only 1 s of speech') })]);
  });

  it('gives nothing, with the reason, where nobody speaks', () => {
    const transcript: Transcript = { schemaVersion: 1, language: 'en', spans: [], origin: 'recognised', words: [], sentences: [] };
    const { selection, candidates, notices } = choose(readTalk(talkInputs({ transcript, durationUs: 60_000_000, fps: 30, levels: levelsFrom([], 60_000_000) })), { clips: null, minLengthUs: 20_000_000, maxLengthUs: 60_000_000 });
    expect(selection.moments).toEqual([]);
    expect(candidates.candidates).toEqual([]);
    expect(notices).toEqual([expect.objectContaining({ code: 'NO_CANDIDATE', message: 'no speech was found' })]);
  });

  it('does not take the same story twice', () => {
    const words = wordsOf(`${story} ||| ${story} ||| ${story}`);
    const durationUs = words.at(-1)!.endUs + 500_000;
    const transcript: Transcript = { schemaVersion: 1, language: 'en', spans: [], origin: 'recognised', words, sentences: buildSentences(words, 'en') };
    const { selection, candidates, notices } = choose(readTalk(talkInputs({ transcript, durationUs, fps: 30, levels: levelsFrom(words, durationUs) })), { clips: 3, minLengthUs: 12_000_000, maxLengthUs: 15_500_000 });
    expect(selection.moments).toHaveLength(1);
    expect(candidates.candidates.some((candidate) => candidate.reason.startsWith('says much the same as 01'))).toBe(true);
    expect(notices.map((notice) => notice.code)).toEqual(['FEWER_CLIPS']);
  });
});
