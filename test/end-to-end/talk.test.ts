import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Manifest } from '../../src/artifacts/schemas/manifest.js';
import { wordErrorRate } from '../transcribe/word-errors.js';
import { fixture, type Outcome } from '../wrong-inputs/run-snvg.js';
import { cutsInsideWords, framingOf, onSentenceEdges, spansOf, truthOf } from './truth.js';
import { lastRun, workDone, Workplace } from './workplace.js';

/** The whole main job on the sample talk, once; every test looks at what it left. */
describe('snvg process talk.mp4', () => {
  const place = new Workplace();
  const truth = truthOf('talk');
  let first: Outcome;
  let manifest: Manifest;

  beforeAll(async () => {
    first = await place.snvg('process', fixture('talk.mp4'), '--json');
    expect(first.stderr).toBe('');
    expect(first.exitCode).toBe(0);
    manifest = place.manifest('talk.snvg');
  }, 900_000);
  afterAll(() => place.leave());

  test('makes at least three clips of 1080×1920, each with every check passed', () => {
    expect(manifest.clips.length).toBeGreaterThanOrEqual(3);
    for (const clip of manifest.clips) {
      for (const output of clip.outputs) {
        expect(output).toMatchObject({ width: 1080, height: 1920 });
        expect(output.integratedLufs).toBeGreaterThanOrEqual(-14.5);
        expect(output.integratedLufs).toBeLessThanOrEqual(-13.5);
        expect(output.truePeakDbtp).toBeLessThanOrEqual(-1);
        const [proof] = place.receipt('talk.snvg', output.receipt).outputs;
        expect(proof?.checks.length).toBeGreaterThan(4);
        expect(proof?.checks.filter((check) => !check.passed)).toEqual([]);
      }
    }
  });

  test('the sound is 48 kHz at −14 LUFS and at most −1 dBTP as ffmpeg itself decodes and measures it (ffmpeg-normalize#102, ffmprovisr#218, studio-pack-generator#48)', () => {
    for (const { outputs } of manifest.clips) {
      const film = join(place.cwd, 'talk.snvg', outputs[0]?.path ?? '');
      expect(execFileSync('ffprobe', ['-v', 'error', '-select_streams', 'a', '-show_entries', 'stream=sample_rate', '-of', 'csv=p=0', film], { encoding: 'utf8' }).trim()).toBe('48000');
      const { stderr } = spawnSync('ffmpeg', ['-hide_banner', '-nostats', '-i', film, '-map', '0:a', '-af', 'ebur128=peak=true', '-f', 'null', '-'], { encoding: 'utf8' });
      const summary = stderr.slice(stderr.lastIndexOf('Summary:'));
      const [, lufs] = /I:\s+(-?[\d.]+) LUFS/.exec(summary) ?? [];
      const [, peak] = /Peak:\s+(-?[\d.]+) dBFS/.exec(summary) ?? [];
      expect(Math.abs(Number(lufs) + 14)).toBeLessThanOrEqual(1);
      expect(Number(peak)).toBeLessThanOrEqual(-1);
    }
  });

  test('leaves the files a person was promised, and nothing temporary', () => {
    const names = readdirSync(join(place.cwd, 'talk.snvg'));
    expect(names).toEqual(expect.arrayContaining(['manifest.json', 'report.html', ...manifest.clips.flatMap((clip) => clip.outputs.flatMap((output) => [output.path, output.receipt, output.captions?.srt ?? '', output.captions?.vtt ?? '', output.captions?.ass ?? '']))]));
    expect(names.filter((name) => name.endsWith('.part'))).toEqual([]);
    expect(readdirSync(place.cwd)).toEqual(['talk.snvg']);
  });

  test('the manifest is valid against the published JSON Schema', async () => {
    const { stdout } = await place.snvg('config', 'schema', '--manifest');
    const validate = new Ajv2020({ strict: false }).compile(JSON.parse(stdout) as object);
    expect(validate(JSON.parse(readFileSync(join(place.cwd, 'talk.snvg', 'manifest.json'), 'utf8')))).toBe(true);
    expect(validate({ schemaVersion: 1 })).toBe(false);
  });

  test('hears at most 5 % of the words wrong', async () => {
    await place.snvg('transcribe', fixture('talk.mp4'), '--out', 'heard.json');
    const heard = JSON.parse(readFileSync(join(place.cwd, 'heard.json'), 'utf8')) as { sentences: { text: string }[] };
    expect(wordErrorRate(truth.text, heard.sentences.map((sentence) => sentence.text).join(' '))).toBeLessThanOrEqual(0.05);
  });

  test('cuts between words and on sentence edges, and no clip overlaps another', () => {
    const spans = spansOf(manifest);
    expect(cutsInsideWords(spans, truth, 0.08)).toEqual([]);
    const onEdges = onSentenceEdges(spans, truth, 0.25);
    expect(onEdges.filter(Boolean).length / onEdges.length).toBeGreaterThanOrEqual(0.9);
    const ordered = spans.toSorted((a, b) => a.start - b.start);
    for (const [index, span] of ordered.entries()) expect(span.start).toBeGreaterThanOrEqual(ordered[index - 1]?.end ?? 0);
  });

  test('keeps an answer with its question, and says when it keeps a retake', () => {
    for (const clip of manifest.clips) {
      for (const [question, answer] of [['t23', 't24'], ['t25', 't26'], ['q01', 'q02']] as const) {
        const asked = truth.utterances.find((utterance) => utterance.id === question);
        const answered = truth.utterances.find((utterance) => utterance.id === answer);
        if (!asked || !answered) throw new Error('the truth lacks the question');
        for (const { startUs } of clip.ranges) {
          const start = startUs / 1e6;
          // From the end of the question on it would be lost; before it, at least the asking sentence is heard.
          expect(start > asked.end - 0.5 && start < answered.end - 0.25, `clip ${clip.index} starts inside ${answer}, without ${question}`).toBe(false);
        }
      }
      const retake = truth.utterances.find((utterance) => utterance.id === 't19');
      const kept = clip.ranges.some(({ startUs, endUs }) => retake && startUs / 1e6 < retake.end - 0.5 && endUs / 1e6 > retake.start + 0.5);
      if (kept) expect(clip.notices.map((notice) => notice.code)).toContain('RETAKE_KEPT');
    }
  });

  test('frames the people who speak', () => {
    const clips = manifest.clips.flatMap((clip) => {
      const [output] = clip.outputs;
      const [range] = clip.ranges;
      if (!output || !range) return [];
      const [proof] = place.receipt('talk.snvg', output.receipt).outputs;
      return proof ? [{ span: { start: range.startUs / 1e6, end: range.endUs / 1e6 }, camera: proof.camera, width: manifest.source.width ?? 0, height: manifest.source.height ?? 0 }] : [];
    });
    const framing = framingOf(clips, truth);
    expect(framing.samples).toBeGreaterThan(100);
    expect(framing.inside / framing.samples).toBeGreaterThanOrEqual(0.95);
    expect(framing.cropped / framing.samples).toBeGreaterThanOrEqual(0.9);
  });

  test('a second run does no stage work and costs next to nothing', async () => {
    const before = readFileSync(join(place.cwd, 'talk.snvg', manifest.clips[0]?.outputs[0]?.path ?? ''));
    const again = await place.snvg('process', fixture('talk.mp4'), '--json');
    expect(again.exitCode).toBe(0);
    expect(again.cpuSeconds).toBeLessThanOrEqual(2);
    const events = lastRun(await place.events(manifest.job.id));
    expect(workDone(events)).toEqual({});
    expect(events.filter((event) => event.type === 'task-started')).toEqual([]);
    expect(readFileSync(join(place.cwd, 'talk.snvg', manifest.clips[0]?.outputs[0]?.path ?? '')).equals(before)).toBe(true);
  });
});
