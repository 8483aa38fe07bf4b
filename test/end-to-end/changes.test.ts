import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Manifest } from '../../src/artifacts/schemas/manifest.js';
import { fixture } from '../wrong-inputs/run-snvg.js';
import { lastRun, workDone, Workplace } from './workplace.js';

/** What is done again when something changes: nothing but what depends on it. Each proved by the job's event log. */
describe('changing something and running again', () => {
  const place = new Workplace();
  const args = ['process', fixture('interview.mp4'), '--clips', '2', '--min-length', '8', '--max-length', '18', '--preset', 'ultrafast'];
  let manifest: Manifest;

  beforeAll(async () => {
    const { exitCode, stderr } = await place.snvg(...args, '--json');
    expect(exitCode, stderr).toBe(0);
    manifest = place.manifest('interview.snvg');
    expect(manifest.clips).toHaveLength(2);
  }, 600_000);
  afterAll(() => place.leave());

  const lastWork = async (): Promise<Record<string, number>> => workDone(lastRun(await place.events(manifest.job.id)));
  const path = (name: string): string => join(place.cwd, 'interview.snvg', name);

  test('a dry run says that everything is known, and writes nothing', async () => {
    const before = readdirSync(place.root, { recursive: true }).toSorted();
    const { exitCode, stdout } = await place.snvg(...args, '--dry-run', '--json');
    expect(exitCode).toBe(0);
    const { dryRun } = JSON.parse(stdout) as { dryRun: [{ tasks: { cached: boolean }[]; clips: { min: number; max: number }; decidedBy?: string }] };
    expect(dryRun[0].tasks.length).toBeGreaterThan(5);
    expect(dryRun[0].tasks.every((task) => task.cached)).toBe(true);
    expect(dryRun[0]).toMatchObject({ clips: { min: 2, max: 2 } });
    expect(readdirSync(place.root, { recursive: true }).toSorted()).toEqual(before);
  });

  test('a dry run of something new names its first tasks and says who decides the rest', async () => {
    const before = readdirSync(place.root, { recursive: true }).toSorted();
    const { stdout } = await place.snvg('process', fixture('short-ja.mp4'), '--dry-run', '--json');
    const { dryRun } = JSON.parse(stdout) as { dryRun: [{ tasks: { op: string; cached: boolean }[]; decidedBy: string }] };
    expect(dryRun[0].tasks.some((task) => !task.cached)).toBe(true);
    expect(dryRun[0].decidedBy).toBe('ingest');
    expect(readdirSync(place.root, { recursive: true }).toSorted()).toEqual(before);
  });

  test('another caption colour renders anew and nothing else', async () => {
    const { exitCode, stderr } = await place.snvg(...args, '--caption-color', '#00FF88');
    expect(exitCode, stderr).toBe(0);
    expect(await lastWork()).toEqual({ 'render.clip': 2 });
    await place.snvg(...args);
    expect(await lastWork()).toEqual({});
  });

  test('correcting a word in one caption file renders that clip alone, and keeps the correction', async () => {
    const [clip, other] = manifest.clips;
    const srt = clip?.outputs[0]?.captions?.srt ?? '';
    const text = readFileSync(path(srt), 'utf8');
    const word = /[A-Za-z]{4,}/.exec(text.split('\n').slice(2).join('\n'))?.[0] ?? '';
    const corrected = text.replace(word, 'Zanzibar');
    expect(corrected).not.toBe(text);
    writeFileSync(path(srt), corrected);
    const { exitCode, stderr } = await place.snvg(...args);
    expect(exitCode, stderr).toBe(0);
    const work = await lastWork();
    expect(work['render.clip']).toBe(1);
    expect(Object.keys(work).filter((op) => !op.startsWith('render.'))).toEqual([]);
    expect(readFileSync(path(srt), 'utf8')).toBe(corrected);
    expect(readFileSync(path(clip?.outputs[0]?.captions?.vtt ?? ''), 'utf8')).toContain('Zanzibar');
    expect(readFileSync(path(clip?.outputs[0]?.captions?.ass ?? ''), 'utf8')).toContain('Zanzibar');
    const after = place.manifest('interview.snvg');
    expect(after.clips[0]?.outputs[0]?.sha256).not.toBe(clip?.outputs[0]?.sha256);
    expect(after.clips[1]?.outputs[0]?.sha256).toBe(other?.outputs[0]?.sha256);
    await place.snvg(...args);
    expect(await lastWork()).toEqual({});
    expect(readFileSync(path(srt), 'utf8')).toBe(corrected);
  });

  test('a clip that a person changed is not overwritten', async () => {
    const video = manifest.clips[1]?.outputs[0]?.path ?? '';
    writeFileSync(path(video), 'my own cut');
    const { exitCode, stderr } = await place.snvg(...args);
    expect(exitCode).toBe(2);
    expect(stderr.trim().split('\n')).toHaveLength(2);
    expect(stderr).toContain('OUTPUT_NOT_OURS');
    expect(readFileSync(path(video), 'utf8')).toBe('my own cut');
  });

  test('jobs lists, shows and forgets it, and the clips stay', async () => {
    expect((await place.snvg('jobs', 'list')).stdout).toContain(manifest.job.id);
    expect((await place.snvg('jobs', 'show', manifest.job.id.slice(0, 6))).stdout).toContain('OUTPUT_NOT_OURS');
    const cleaned = await place.snvg('jobs', 'clean', manifest.job.id);
    expect(cleaned.stdout).toMatch(/forgot 1 job, removed \d+ cached files/);
    expect((await place.snvg('jobs', 'list')).stdout).toContain('No jobs yet');
    expect(readdirSync(path('')).length).toBeGreaterThan(5);
  });
});
