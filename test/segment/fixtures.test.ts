import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { candidates as candidatesSchema, selection as selectionSchema } from '../../src/artifacts/schemas/selection.js';
import type { Speech, Transcript } from '../../src/artifacts/schemas/speech.js';
import { choose, type Wish } from '../../src/pipeline/segment/choose.js';
import { readTalk } from '../../src/pipeline/segment/talk.js';
import { heardTranscript, levelsOf, readTruth, talkInputs, transcriptOf, type Truth } from './truth-talk.js';

const asked: Wish = { clips: null, minLengthUs: 20_000_000, maxLengthUs: 60_000_000 };

interface Known {
  truth: Truth;
  transcript: Transcript;
  levels: Speech['levels'];
}

function load(name: string, language: string, folder = 'fixtures'): Known {
  const truth = readTruth(`${folder}/${name}.truth.json`);
  return { truth, transcript: transcriptOf(truth, language), levels: levelsOf(`${folder}/${name}.mp4`) };
}

function chooseFrom({ truth, transcript, levels }: Known, wish: Partial<Wish> = {}) {
  return choose(readTalk(talkInputs({ transcript, durationUs: truth.durationUs, fps: truth.fps, levels })), { ...asked, ...wish });
}

const talk = load('talk', 'en');
const interview = load('interview', 'en');
const japanese = load('short-ja', 'ja');

function rangesOf(chosen: ReturnType<typeof choose>) {
  return chosen.selection.moments.map((moment) => moment.ranges[0]!);
}

function near(edgeUs: number, cutUs: number): boolean {
  return Math.abs(edgeUs - cutUs) <= 250_000;
}

/** The rules every choice keeps, checked against the truth. */
function expectRules(known: Known, chosen: ReturnType<typeof choose>, limits: Pick<Wish, 'minLengthUs' | 'maxLengthUs'> = asked): void {
  const { truth, transcript } = known;
  candidatesSchema.parse(chosen.candidates);
  selectionSchema.parse(chosen.selection);
  const ranges = rangesOf(chosen);
  for (const [index, range] of ranges.entries()) {
    expect(range.endUs - range.startUs).toBeGreaterThanOrEqual(limits.minLengthUs);
    expect(range.endUs - range.startUs).toBeLessThanOrEqual(limits.maxLengthUs);
    expect(range.endUs).toBeLessThanOrEqual(truth.durationUs);
    if (index > 0) expect(range.startUs).toBeGreaterThanOrEqual(ranges[index - 1]!.endUs);
    for (const cutUs of [range.startUs, range.endUs]) {
      for (const utterance of truth.utterances) {
        for (const word of utterance.words ?? []) expect(Math.min(cutUs - word.startUs, word.endUs - cutUs), `cut at ${cutUs} in “${word.text}”`).toBeLessThanOrEqual(80_000);
      }
    }
    expect(transcript.sentences.some((sentence) => near(sentence.startUs, range.startUs))).toBe(true);
    expect(transcript.sentences.some((sentence) => near(sentence.endUs, range.endUs))).toBe(true);
  }
  for (const candidate of chosen.candidates.candidates) {
    expect(candidate.reason).not.toBe('');
    const sum = Object.values(candidate.scoreParts).reduce((total, part) => total + part, 0);
    expect(candidate.score).toBeCloseTo(sum, 6);
  }
  const moments = chosen.selection.moments;
  expect(moments.map((moment) => moment.index)).toEqual(moments.map((_, index) => index + 1));
  expect(moments.map((moment) => moment.rank).toSorted((a, b) => a - b)).toEqual(moments.map((_, index) => index + 1));
  expect(new Set(moments.map((moment) => moment.lineage)).size).toBe(moments.length);
}

/** The first utterance of a clip, and whether the clip holds another one. */
function firstUtterance(truth: Truth, startUs: number) {
  return truth.utterances.find((utterance) => utterance.endUs > startUs)!;
}

describe('the talk', () => {
  it('gives four clips that keep every rule and lie all over the talk', () => {
    const chosen = chooseFrom(talk);
    expectRules(talk, chosen);
    const ranges = rangesOf(chosen);
    expect(ranges).toHaveLength(4);
    expect(ranges[0]!.startUs).toBeLessThan(60_000_000);
    expect(ranges.at(-1)!.startUs).toBeGreaterThan(190_000_000);
    expect(chosen.notices).toEqual([]);
  });

  it.each([
    [1, 20, 60],
    [3, 20, 60],
    [6, 20, 40],
    [9, 20, 60],
    [9, 10, 25],
  ])('keeps the rules with %i clips of %i to %i s', (clips, min, max) => {
    const limits = { minLengthUs: min * 1_000_000, maxLengthUs: max * 1_000_000 };
    const chosen = chooseFrom(talk, { clips, ...limits });
    expectRules(talk, chosen, limits);
    expect(chosen.selection.moments.length).toBeGreaterThanOrEqual(Math.min(clips, 3));
    const answers = new Set(['t24', 't26', 'q02']);
    for (const range of rangesOf(chosen)) expect(answers.has(firstUtterance(talk.truth, range.startUs).id)).toBe(false);
    const retake = talk.truth.utterances.find((utterance) => utterance.id === 't19')!;
    for (const moment of chosen.selection.moments) {
      const [range] = moment.ranges;
      const holds = range!.startUs < retake.endUs && range!.endUs > retake.startUs;
      expect(moment.notices.some((notice) => notice.code === 'RETAKE_KEPT')).toBe(holds);
    }
  });

  it('says why an answer or a false start is no beginning', () => {
    const { candidates } = chooseFrom(talk).candidates;
    const at = (id: string) => candidates.find((candidate) => Math.abs(candidate.ranges[0]!.startUs - talk.truth.utterances.find((utterance) => utterance.id === id)!.startUs) < 400_000)!;
    expect(at('t24').reason).toMatch(/^starts inside an answer: the question is at 3:24$/u);
    expect(at('q02').reason).toMatch(/^starts inside an answer: the question is at 3:46$/u);
    expect(at('t19').reason).toMatch(/^starts in a false start .* said again at 2:27$/u);
    expect(at('t20').reason).not.toMatch(/false start|answer/u);
  });

  it('finds the same again, and as many as asked for or says why not', () => {
    expect(chooseFrom(talk)).toEqual(chooseFrom(talk));
    const many = chooseFrom(talk, { clips: 20 });
    expect(many.selection.moments.length).toBeLessThan(20);
    expect(many.notices).toContainEqual(expect.objectContaining({ code: 'FEWER_CLIPS', severity: 'degraded' }));
  });

  it('puts topic borders where topics begin', () => {
    const { topics } = chooseFrom(talk).candidates;
    const starts = topics.slice(1).map((topic) => topic.startUs / 1_000_000);
    // The archive voices and the third habit, of six borders in the truth; none elsewhere.
    expect(starts.map(Math.round)).toEqual([54, 134]);
  });

  it('names clips by their own words', () => {
    const { moments } = chooseFrom(talk).selection;
    for (const moment of moments) {
      const said = talk.transcript.words.map((word) => word.text).join(' ').toLowerCase();
      expect(said).toContain(moment.title.replace('…', '').toLowerCase());
      expect(moment.title.length).toBeLessThanOrEqual(70);
      expect(moment.title).toBe(moment.title.normalize('NFC'));
      expect(moment.hashtags.length).toBeGreaterThan(0);
      for (const tag of moment.hashtags) expect(tag).toMatch(/^#[\p{L}\p{N}_]{2,}$/u);
      expect(moment.description).not.toBe('');
    }
    expect(moments.map((moment) => moment.title)).toContain('What do you do when you are simply afraid?');
  });
});

describe('the interview', () => {
  const guestAnswers = new Set(interview.truth.utterances.filter((utterance) => utterance.speaker === 'guest').map((utterance) => utterance.id));

  it.each([[null], [1], [3], [5]])('starts with questions, never with answers (%s clips)', (clips) => {
    const wish = { clips, minLengthUs: 12_000_000 };
    const chosen = chooseFrom(interview, wish);
    expectRules(interview, chosen, { ...asked, ...wish });
    expect(chosen.selection.moments.length).toBeGreaterThanOrEqual(clips === 1 ? 1 : 2);
    for (const range of rangesOf(chosen)) {
      expect(guestAnswers.has(firstUtterance(interview.truth, range.startUs).id)).toBe(false);
      const last = interview.truth.utterances.findLast((utterance) => utterance.startUs < range.endUs)!;
      expect(last.speaker === 'host' && last.text.endsWith('?')).toBe(false);
    }
  });
});

describe('the Japanese sample', () => {
  it('gives one clip of whole sentences with a Japanese title', () => {
    const chosen = chooseFrom(japanese);
    expectRules(japanese, chosen);
    const [moment] = chosen.selection.moments;
    expect(chosen.selection.moments).toHaveLength(1);
    expect(moment!.title).toMatch(/^[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}、？]+…?$/u);
    expect(moment!.hashtags).toContain('#結論');
  });

  it('gives a shorter clip with a notice when the shortest length is longer than the speech', () => {
    const chosen = chooseFrom(japanese, { minLengthUs: 45_000_000 });
    expect(chosen.selection.moments).toHaveLength(1);
    expect(chosen.notices).toContainEqual(expect.objectContaining({ code: 'SHORT_CLIP', severity: 'degraded' }));
  });
});

describe('with the words our recogniser hears', () => {
  const cases: [Known, string, string, Partial<Wish>, number][] = [
    [talk, 'talk', 'en', {}, 4],
    [talk, 'talk', 'en', { clips: 6 }, 6],
    [interview, 'interview', 'en', {}, 2],
    [interview, 'interview', 'en', { clips: 5, minLengthUs: 10_000_000, maxLengthUs: 40_000_000 }, 5],
    [japanese, 'short-ja', 'ja', {}, 1],
  ];

  it.each(cases)('cuts at true sentence edges, outside true words (case %#)', (known, name, language, wish, count) => {
    const { truth } = known;
    const heard = heardTranscript(name);
    expect(heard.language).toBe(language);
    const chosen = chooseFrom({ ...known, transcript: heard }, wish);
    expect(chosen.selection.moments).toHaveLength(count);
    const edges = { starts: truth.utterances.map((one) => one.startUs), ends: truth.utterances.map((one) => one.endUs) };
    for (const sentence of known.transcript.sentences) {
      edges.starts.push(sentence.startUs);
      edges.ends.push(sentence.endUs);
    }
    let atEdge = 0;
    for (const { startUs, endUs } of rangesOf(chosen)) {
      if (edges.starts.some((edge) => near(edge, startUs)) && edges.ends.some((edge) => near(edge, endUs))) atEdge += 1;
      for (const cutUs of [startUs, endUs]) {
        for (const word of truth.utterances.flatMap((one) => one.words ?? [one])) expect(Math.min(cutUs - word.startUs, word.endUs - cutUs)).toBeLessThanOrEqual(80_000);
      }
      const first = firstUtterance(truth, startUs);
      expect(['t24', 't26', 'q02'].includes(first.id) || first.speaker === 'guest' && first.id.startsWith('i')).toBe(false);
    }
    expect(atEdge / count).toBeGreaterThanOrEqual(0.9);
  });

  it('hears the false start and keeps it out, or says so', () => {
    const chosen = chooseFrom({ ...talk, transcript: heardTranscript('talk') }, { clips: 9 });
    const retake = talk.truth.utterances.find((utterance) => utterance.id === 't19')!;
    for (const moment of chosen.selection.moments) {
      const holds = moment.ranges[0]!.startUs < retake.endUs && moment.ranges[0]!.endUs > retake.startUs;
      expect(moment.notices.some((notice) => notice.code === 'RETAKE_KEPT')).toBe(holds);
    }
  });
});

describe('docs/choosing.md', () => {
  it('names every part of a score and no other', () => {
    const page = readFileSync('docs/choosing.md', 'utf8');
    // What is seen is scored by parts of its own, below.
    const documented = [...page.slice(0, page.indexOf('## Sources without sound')).matchAll(/^\| `(\w+)` \|/gmu)].map((match) => match[1]);
    const { candidates } = chooseFrom(japanese).candidates;
    expect(documented.toSorted()).toEqual(Object.keys(candidates[0]!.scoreParts).toSorted());
  });
});

const media = process.env['SNVG_TEST_MEDIA'];
describe.skipIf(!media)('a read text of 7.8 minutes (needs SNVG_TEST_MEDIA)', () => {
  it('keeps every rule and finds the borders between texts', () => {
    const known = load('talk_720p', 'en', `${media}/video`);
    const chosen = chooseFrom(known);
    expectRules(known, chosen);
    expect(chosen.selection.moments).toHaveLength(8);
    expect(chosen.candidates.topics.slice(1).map((topic) => Math.round(topic.startUs / 1_000_000))).toEqual([133, 298]);
  });
});
