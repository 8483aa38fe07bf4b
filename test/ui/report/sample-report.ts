import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Clip } from '../../../src/artifacts/schemas/clip.js';
import type { Candidate, Moment } from '../../../src/artifacts/schemas/selection.js';
import type { Sentence, Word } from '../../../src/artifacts/schemas/speech.js';
import type { ReportInput, ReportReceipt } from '../../../src/ui/report/input.js';

interface Truth {
  duration: number;
  utterances: { text: string; start: number; end: number; words: { w: string; s: number; e: number }[] | null }[];
  topics: { title: string; start: number }[];
}

const us = (seconds: number): number => Math.round(seconds * 1e6);

/** A number in 0…1 that is always the same for the same text. */
function chance(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE() / 2 ** 32;
}

/**
 * A report of fixtures/talk.mp4 with its true words and topics, and candidates, scores and receipts as a job might find them.
 * `formats` are the outputs of each clip; their files are named `01-clip.vertical.mp4` and are not made here.
 */
export function sampleReport(formats: readonly string[] = ['vertical']): ReportInput {
  const truth = JSON.parse(readFileSync(new URL('../../../fixtures/talk.truth.json', import.meta.url), 'utf8')) as Truth;
  const { words, sentences } = wordsOf(truth);
  const topics = truth.topics.map((topic, index) => {
    const startUs = us(topic.start);
    const endUs = us(truth.topics[index + 1]?.start ?? truth.duration);
    const inside = sentences.flatMap((sentence, at) => (sentence.startUs >= startUs && sentence.startUs < endUs ? [at] : []));
    return { title: topic.title, startUs, endUs, firstSentence: inside[0] ?? 0, lastSentence: inside.at(-1) ?? 0 };
  });
  const candidates = candidatesOf(sentences, topics);
  const chosen = choose(candidates);
  const receipts: ReportReceipt[] = [];
  const clips = chosen.map((candidate, at) => {
    const moment = momentOf(candidate, at + 1, chosen, sentences);
    const outputs = formats.map((format) => {
      const path = `0${at + 1}-clip.${format}.mp4`;
      const clip = receiptOf(candidate, format, words);
      receipts.push({ path, clip, moment });
      return {
        format,
        path,
        sha256: clip.sha256,
        width: clip.width,
        height: clip.height,
        durationUs: clip.durationUs,
        integratedLufs: clip.integratedLufs,
        truePeakDbtp: clip.truePeakDbtp,
        captions: { srt: `0${at + 1}-clip.srt`, vtt: `0${at + 1}-clip.vtt`, ass: `0${at + 1}-clip.${format}.ass` },
        faceCoverage: clip.camera.faceCoverage,
        receipt: `0${at + 1}-clip.json`,
      };
    });
    return { id: candidate.id, lineage: moment.lineage, index: moment.index, title: moment.title, score: moment.score, scoreParts: moment.scoreParts, ranges: moment.ranges, outputs, notices: moment.notices };
  });
  return {
    words,
    language: 'en',
    candidates: { schemaVersion: 1, topics, candidates },
    receipts,
    manifest: {
      schemaVersion: 1,
      job: { id: 'b7d1c0de4f', state: 'done' },
      source: { path: 'talk.mp4', sha256: sha('talk'), durationUs: us(truth.duration), width: 1280, height: 720, fps: 30 },
      stages: [
        { id: 'ingest', state: 'cached', tasks: 1, cachedTasks: 1, cpuSeconds: 0 },
        { id: 'transcribe', state: 'done', tasks: 15, cachedTasks: 3, cpuSeconds: 61.2 },
        { id: 'analyze', state: 'done', tasks: 5, cachedTasks: 0, cpuSeconds: 18.9 },
        { id: 'segment', state: 'done', tasks: 2, cachedTasks: 0, cpuSeconds: 0.6 },
        { id: 'render', state: 'done', tasks: clips.length, cachedTasks: 0, cpuSeconds: 88.4 },
        { id: 'publish', state: 'skipped', tasks: 0, cachedTasks: 0, cpuSeconds: 0 },
      ],
      clips,
      candidates: candidates.map(({ id, ranges, score, state, reason }) => ({ id, ranges, score, state, reason })),
      publications: [],
      notices: [
        ...clips.flatMap((clip) => clip.notices),
        { code: 'CAPTIONS_FOUND', stage: 'ingest', message: 'talk.srt lies beside the source and was not used.', remedy: 'Give --use-captions to take the words from it.', severity: 'info' },
      ],
    },
  };
}

function wordsOf(truth: Truth): { words: Word[]; sentences: Sentence[] } {
  const words: Word[] = [];
  const sentences: Sentence[] = [];
  for (const utterance of truth.utterances) {
    const texts = utterance.text.split(' ');
    const step = (utterance.end - utterance.start) / texts.length;
    let firstWord = words.length;
    for (const [index, text] of texts.entries()) {
      const timed = utterance.words?.length === texts.length ? utterance.words[index] : undefined;
      const start = timed?.s ?? utterance.start + index * step;
      words.push({ text, spaceBefore: words.length > 0, startUs: us(start), endUs: us(timed?.e ?? start + step), confidence: 0.35 + 0.65 * Math.sqrt(chance(`${text}${start}`)) });
      if (!/[.?!]$/.test(text)) continue;
      const inside = words.slice(firstWord);
      sentences.push({ startUs: inside[0]?.startUs ?? 0, endUs: inside.at(-1)?.endUs ?? 0, firstWord, lastWord: words.length - 1, text: inside.map((word) => word.text).join(' ') });
      firstWord = words.length;
    }
  }
  return { words, sentences };
}

function candidatesOf(sentences: readonly Sentence[], topics: NonNullable<ReportInput['candidates']>['topics']): Candidate[] {
  const found: Candidate[] = [];
  for (const [topicIndex, topic] of topics.entries()) {
    for (let first = topic.firstSentence; first <= topic.lastSentence; first += 1) {
      for (let last = first; last <= topic.lastSentence; last += 1) {
        const startUs = Math.max(0, (sentences[first]?.startUs ?? 0) - 120_000);
        const endUs = (sentences[last]?.endUs ?? 0) + 200_000;
        if (endUs - startUs < 20e6 || endUs - startUs > 60e6) continue;
        const text = sentences.slice(first, last + 1).map((sentence) => sentence.text).join(' ');
        const scoreParts = {
          opening: 24 * chance(`o${text}`),
          closing: 16 * chance(`c${text}`),
          completeTopic: first === topic.firstSentence ? 18 : 4,
          density: 12 * chance(`d${text}`),
          keyPhrases: 14 * chance(`k${text}`),
          silence: -9 * chance(`s${text}`),
          danglingReference: chance(`r${text}`) > 0.7 ? -12 : 0,
        };
        const score = Object.values(scoreParts).reduce((sum, part) => sum + part, 0);
        found.push({ id: `c${found.length}`, ranges: [{ startUs, endUs }], firstSentence: first, lastSentence: last, topic: topicIndex, score, scoreParts, state: 'rejected', reason: '', text });
      }
    }
  }
  return found.filter((candidate) => chance(candidate.text) < 0.55);
}

/** Best first, none overlapping; the others get a reason. */
function choose(candidates: Candidate[]): Candidate[] {
  const chosen: Candidate[] = [];
  for (const candidate of candidates.toSorted((one, other) => other.score - one.score)) {
    const [range] = candidate.ranges;
    const rival = chosen.find(({ ranges: [taken] }) => taken && range && taken.startUs < range.endUs && range.startUs < taken.endUs);
    if (rival) candidate.reason = `Overlaps a better moment of the same topic (score ${rival.score.toFixed(1)}).`;
    else if (chosen.length >= 4) candidate.reason = 'Good, but four better moments were found, which is what was asked for.';
    else {
      candidate.state = 'selected';
      candidate.reason = 'Opens with a question, stays on one thought and ends on its answer.';
      chosen.push(candidate);
    }
  }
  return chosen.toSorted((one, other) => (one.ranges[0]?.startUs ?? 0) - (other.ranges[0]?.startUs ?? 0));
}

function momentOf(candidate: Candidate, index: number, chosen: readonly Candidate[], sentences: readonly Sentence[]): Moment {
  const opening = sentences[candidate.firstSentence ?? 0]?.text ?? '';
  return {
    index,
    rank: 1 + chosen.filter((other) => other.score > candidate.score).length,
    candidateId: candidate.id,
    lineage: sha(candidate.id).slice(0, 12),
    ranges: candidate.ranges,
    title: opening.replace(/[.?!]$/, ''),
    description: candidate.text.split(' ').slice(0, 28).join(' '),
    hashtags: ['#publicspeaking', '#talks', '#silence'],
    score: candidate.score,
    scoreParts: candidate.scoreParts,
    reason: candidate.reason,
    notices: index === 3 ? [{ code: 'NO_FACE_FOUND', stage: 'render', message: 'No face was found in 1 of 4 shots: there the whole picture is shown.', remedy: 'Nothing to do if the picture itself matters there.', severity: 'degraded' }] : [],
    edges: { pauseBeforeUs: 420_000, pauseAfterUs: 610_000, firstWord: candidate.text.split(' ')[0] ?? '', lastWord: candidate.text.split(' ').at(-1) ?? '' },
  };
}

const sizes: Record<string, readonly [number, number]> = { vertical: [1080, 1920], square: [1080, 1080], wide: [1920, 1080] };

function receiptOf(candidate: Candidate, format: string, words: readonly Word[]): Clip {
  const [range = { startUs: 0, endUs: 0 }] = candidate.ranges;
  const durationUs = range.endUs - range.startUs;
  const [width, height] = sizes[format] ?? [1080, 1920];
  const ref = (kind: string): Clip['file'] => ({ kind, hash: sha(`${candidate.id}${format}${kind}`), sizeBytes: 1 });
  const inside = words.filter((word) => word.startUs >= range.startUs && word.endUs <= range.endUs);
  return {
    schemaVersion: 1,
    format,
    file: ref('clip.mp4'),
    sha256: sha(`${candidate.id}${format}`),
    ranges: candidate.ranges,
    width,
    height,
    fps: { num: 30, den: 1 },
    frames: Math.round(durationUs * 30e-6),
    durationUs,
    integratedLufs: -14 + 0.4 * (chance(candidate.id) - 0.5),
    truePeakDbtp: -1.2 - chance(candidate.id),
    captions: { srt: ref('captions.srt'), vtt: ref('captions.vtt'), ass: ref('captions.ass') },
    cover: ref('cover.jpg'),
    camera: {
      faceCoverage: 0.97,
      shots: [
        { startUs: 0, endUs: Math.round(durationUs / 2), mode: 'crop', keys: [{ atUs: 0, box: { x: 400, y: 0, width: 405, height: 720 } }] },
        { startUs: Math.round(durationUs / 2), endUs: durationUs, mode: (candidate.topic ?? 0) % 2 === 0 ? 'crop' : 'fit', keys: [] },
      ],
    },
    checks: [
      { id: 'probe', passed: true, detail: `h264 yuv420p ${width}×${height}, aac 48 kHz, faststart` },
      { id: 'duration', passed: true, detail: `${(durationUs / 1e6).toFixed(3)} s decoded, as planned` },
      { id: 'loudness', passed: true, detail: 'within 0.5 LU of −14 LUFS as decoded' },
      { id: 'picture', passed: true, detail: 'no black or frozen stretch that the source does not have' },
      { id: 'captions', passed: true, detail: '12 of 12 cues seen in the picture' },
    ],
    doubtfulWords: inside.filter((word) => word.confidence < 0.52).map(({ text, startUs, confidence }) => ({ text, startUs, confidence })),
  };
}

function sha(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
