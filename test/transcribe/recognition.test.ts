import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Word } from '../../src/artifacts/schemas/speech.js';
import { fixtures, type Heard, makeSound, openTestRun, type TestRun } from './test-run.js';
import { alignItems, normalWords, wordErrorRate } from './word-errors.js';

interface Truth {
  text: string;
  utterances: { text: string; start: number; end: number; onset: number; words: { w: string; s: number; e: number }[] | null }[];
}

let run: TestRun;

beforeAll(async () => {
  run = await openTestRun();
});
afterAll(() => run.close());

async function truthOf(name: string): Promise<Truth> {
  return JSON.parse(await readFile(join(fixtures, `${name}.truth.json`), 'utf8')) as Truth;
}

/** Part of a fixture's sound. */
function excerpt(name: string, startSeconds: number, endSeconds: number): Promise<string> {
  return makeSound(join(run.dir, `${name}-${startSeconds}.wav`), '-ss', String(startSeconds), '-t', String(endSeconds - startSeconds), '-i', join(fixtures, `${name}.mp4`), '-vn', '-ac', '1');
}

function textOf(words: readonly Word[]): string {
  return words.map((word) => (word.spaceBefore ? ' ' : '') + word.text).join('');
}

/** The text as one normal word, if it is one. */
function single(text: string): string | undefined {
  return normalWords(text).length === 1 ? normalWords(text)[0] : undefined;
}


/** Errors of start times, in ms, of the words that were heard right. */
function startErrors(truth: Truth, words: readonly Word[], offsetSeconds: number): number[] {
  const spoken = truth.utterances.flatMap((utterance) => utterance.words ?? []).flatMap(({ w, s }) => (single(w) === undefined ? [] : [{ text: single(w) as string, us: (s - offsetSeconds) * 1e6 }]));
  const heard = words.flatMap(({ text, startUs }) => (single(text) === undefined ? [] : [{ text: single(text) as string, us: startUs }]));
  const { matches } = alignItems(spoken.map(({ text }) => text), heard.map(({ text }) => text));
  return matches.map(([i, j]) => Math.abs((heard[j]?.us ?? 0) - (spoken[i]?.us ?? 0)) / 1000).toSorted((a, b) => a - b);
}

function checkShape({ transcript, speech }: Heard): void {
  const { words, sentences } = transcript;
  for (const [i, { startUs, endUs }] of words.entries()) {
    expect(startUs).toBeGreaterThanOrEqual(words[i - 1]?.endUs ?? 0);
    expect(endUs).toBeGreaterThan(startUs);
    expect(endUs).toBeLessThanOrEqual(speech.durationUs);
  }
  expect(sentences.flatMap(({ firstWord, lastWord }) => Array.from({ length: lastWord - firstWord + 1 }, (_, k) => firstWord + k))).toEqual(words.map((_, i) => i));
}

function japaneseCharacters(text: string): string[] {
  return [...text.replaceAll(/[\s\p{P}]/gu, '').replaceAll('三', '3').replaceAll('掴', 'つか')];
}

function plainWords(text: string): string[] {
  return text.toLowerCase().normalize('NFD').replaceAll(/\p{M}/gu, '').match(/[\p{L}\p{N}]+/gu) ?? [];
}


describe('a talk', () => {
  const from = 199;
  const to = 256;
  let heard: Heard;
  let truth: Truth;

  beforeAll(async () => {
    const whole = await truthOf('talk');
    const utterances = whole.utterances.filter(({ start, end }) => start >= from && end <= to);
    truth = { text: utterances.map(({ text }) => text).join(' '), utterances };
    heard = await run.hear(await excerpt('talk', from, to));
  });

  it('is heard with few errors, every speaker of it', () => {
    checkShape(heard);
    expect(heard.transcript).toMatchObject({ language: 'en', origin: 'recognised' });
    expect(wordErrorRate(truth.text, textOf(heard.transcript.words))).toBeLessThanOrEqual(0.05);
    // Without a second hearing the model leaves these out where the speaker changes.
    expect(textOf(heard.transcript.words)).toMatch(/How do you know what to cut/);
    expect(textOf(heard.transcript.words)).toMatch(/the audience decides/);
  });

  it('has its words where they are spoken', () => {
    const errors = startErrors(truth, heard.transcript.words, from);
    expect(errors.length).toBeGreaterThan(100);
    expect(errors[Math.floor(errors.length / 2)]).toBeLessThan(60);
    expect(errors[Math.floor(errors.length * 0.9)]).toBeLessThan(160);
  });

  it('reports the CPU of the recogniser, and costs nothing the second time', async () => {
    expect(heard.cpuSeconds).toBeGreaterThan(0.5);
    const again = await run.hear(join(run.dir, `talk-${from}.wav`));
    expect(again.transcript).toEqual(heard.transcript);
    expect(again.cpuSeconds).toBe(0);
    expect(again.events.filter(({ type }) => type === 'task-started')).toEqual([]);
  });

  it('gives the same words in another run', async () => {
    const other = await openTestRun();
    try {
      const { transcript } = await other.hear(join(run.dir, `talk-${from}.wav`));
      expect(transcript).toEqual(heard.transcript);
    } finally {
      await other.close();
    }
  });
});

describe('other languages', () => {
  it('hears Japanese in words without spaces, and its sentences', async () => {
    const heard = await run.hear(join(fixtures, 'short-ja.mp4'));
    const truth = await truthOf('short-ja');
    checkShape(heard);
    const reference = japaneseCharacters(truth.text);
    expect(heard.transcript.language).toBe('ja');
    expect(alignItems(reference, japaneseCharacters(textOf(heard.transcript.words))).errors / reference.length).toBeLessThanOrEqual(0.06);
    expect(heard.transcript.words.some(({ spaceBefore }) => spaceBefore)).toBe(false);
    expect(heard.transcript.words.length).toBeLessThan(reference.length * 0.75);
    expect(heard.transcript.sentences.map(({ text }) => text)).toContain('今日は短い動画の作り方についてお話します。');
    // Onsets are all the truth has here: each utterance's first word starts there.
    for (const { onset } of truth.utterances) expect(Math.min(...heard.transcript.words.map(({ startUs }) => Math.abs(startUs / 1e6 - onset)))).toBeLessThan(0.25);
  });

  it.each(['es', 'fr', 'it', 'pt'])('names and hears %s', async (code) => {
    const heard = await run.hear(join(fixtures, `lang-${code}.m4a`));
    const truths = JSON.parse(await readFile(join(fixtures, 'lang.truth.json'), 'utf8')) as Record<string, { text: string; speech_start: number }>;
    const reference = plainWords(truths[code]?.text ?? '');
    checkShape(heard);
    expect(heard.transcript.language).toBe(code);
    expect(alignItems(reference, plainWords(textOf(heard.transcript.words))).errors).toBeLessThanOrEqual(3);
  });

  it('takes the language it is told, and refuses one it does not know', async () => {
    const told = await run.hear(join(fixtures, 'lang-it.m4a'), { language: 'it' });
    expect(told.transcript.language).toBe('it');
    expect(told.events.some((event) => event.type === 'task-queued' && event.op === 'transcribe.language')).toBe(false);
    await expect(run.hear(join(fixtures, 'lang-it.m4a'), { language: 'xx' })).rejects.toMatchObject({ code: 'USAGE', exitCode: 2 });
  });

  it('is not misled by music before the speech', async () => {
    const music = 'aevalsrc=0.1*sin(2*PI*220*t)*(1+sin(2*PI*2*t))+0.1*sin(2*PI*330*t)*(1+sin(2*PI*3*t)):d=31:s=48000';
    const path = await makeSound(join(run.dir, 'music-then-es.wav'), '-f', 'lavfi', '-i', music, '-i', join(fixtures, 'lang-es.m4a'), '-filter_complex', '[0][1]concat=n=2:v=0:a=1', '-ac', '1');
    const heard = await run.hear(path);
    expect(heard.transcript.language).toBe('es');
    expect(heard.transcript.words[0]?.startUs).toBeGreaterThan(31_000_000);
  });
});

describe('where nobody speaks', () => {
  it.each([
    ['silence', 'anullsrc=r=48000:d=20'],
    ['pink noise', 'anoisesrc=c=pink:a=0.3:d=20'],
    ['quiet hiss', 'anoisesrc=c=white:a=0.003:d=20'],
    ['tones like music', 'aevalsrc=0.1*sin(2*PI*262*t)*(1+sin(2*PI*2*t))+0.1*sin(2*PI*392*t)*(1+cos(2*PI*3*t))+0.1*sin(2*PI*131*t):d=20'],
  ])('invents no words for %s', async (name, filter) => {
    const path = await makeSound(join(run.dir, `${name.replaceAll(' ', '-')}.wav`), '-f', 'lavfi', '-i', filter, '-ac', '1');
    const { transcript, notices } = await run.hear(path);
    expect(transcript).toMatchObject({ language: 'und', words: [], sentences: [] });
    expect(notices).toMatchObject([{ code: 'NO_SPEECH', severity: 'degraded', stage: 'transcribe' }]);
  });

  it('times words after long pauses where they are spoken', async () => {
    const truth = await truthOf('talk');
    const sentences = truth.utterances.filter(({ words, end, start }) => words && end - start < 6).slice(0, 3);
    const cuts = sentences.flatMap(({ start, end }, i) => [`[0:a]atrim=${start - 0.05}:${end + 0.05},asetpts=N/SR/TB,apad=pad_dur=7[s${i}]`]);
    const graph = `${cuts.join(';')};${sentences.map((_, i) => `[s${i}]`).join('')}concat=n=${sentences.length}:v=0:a=1`;
    const path = await makeSound(join(run.dir, 'pauses.wav'), '-i', join(fixtures, 'talk.mp4'), '-filter_complex', graph, '-ac', '1');
    const { transcript } = await run.hear(path, { language: 'en' });
    let at = 0;
    for (const { start, end, words } of sentences) {
      const onsetUs = (at + 0.05 + ((words?.[0]?.s ?? start) - start)) * 1e6;
      const nearest = transcript.words.reduce((best, word) => (Math.abs(word.startUs - onsetUs) < Math.abs(best.startUs - onsetUs) ? word : best));
      expect(normalWords(nearest.text)).toEqual(normalWords(words?.[0]?.w ?? ''));
      expect(Math.abs(nearest.startUs - onsetUs)).toBeLessThan(200_000);
      at += end - start + 0.1 + 7;
    }
  });
});

describe('quiet speech', () => {
  it('is heard from its first word', async () => {
    const path = await makeSound(join(run.dir, 'quiet.wav'), '-i', join(fixtures, 'lang-es.m4a'), '-af', 'volume=-40dB', '-ac', '1');
    const { transcript } = await run.hear(path, { language: 'es' });
    expect(transcript.words[0]?.text).toBe('Buenos');
  });
});

describe('the scratch folder', () => {
  it('is empty afterwards', async () => {
    expect(await readdir(join(run.dir, 'scratch'))).toEqual([]);
  });
});
