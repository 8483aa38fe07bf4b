import { stat } from 'node:fs/promises';
import { vadFrameSamples, type VoiceActivity } from './voice-activity.js';
import { findIslands } from './islands.js';
import { readBlocks, sampleRate, usOf } from './pcm.js';
import type { SpeechMethods } from './speech-methods.js';

const hopSamples = sampleRate / 50;
/** A multiple of a voice-activity frame and of a level's hop: 5.12 s. */
const blockSamples = vadFrameSamples * 160;
const quietestDbfs = -100;

/**
 * A quiet recording is heard at the level people speak at, or its soft beginnings pass for silence. Only towards the
 * model: the samples stay as they are. Below the floor there is nothing but noise.
 */
const usualDbfs = -30;
const floorDbfs = -75;
const mostGainDb = 30;

/** Streams over the samples twice, for their levels and for speech: memory does not grow with the length of the source. */
export async function findSpeech(
  vad: VoiceActivity,
  pcmPath: string,
  report: { signal: AbortSignal; progress(fraction: number): void },
): Promise<SpeechMethods['findSpeech']['result']> {
  vad.reset();
  const totalSamples = Math.floor((await stat(pcmPath)).size / 2);
  const dbfs: number[] = [];
  for await (const block of readBlocks(pcmPath, blockSamples)) {
    report.signal.throwIfAborted();
    for (let at = 0; at < block.length; at += hopSamples) dbfs.push(levelOf(block.subarray(at, at + hopSamples)));
  }
  const gain = gainFor(dbfs);
  const probabilities: number[] = [];
  let samples = 0;
  for await (const block of readBlocks(pcmPath, blockSamples)) {
    report.signal.throwIfAborted();
    if (gain !== 1) for (let i = 0; i < block.length; i++) block[i] = Math.max(-1, Math.min(1, (block[i] as number) * gain));
    for (let at = 0; at < block.length; at += vadFrameSamples) probabilities.push(await vad.probability(block.subarray(at, at + vadFrameSamples)));
    samples += block.length;
    report.progress(samples / totalSamples);
  }
  const islands = findIslands(probabilities).map(({ first, end }) => ({ startUs: usOf(first * vadFrameSamples), endUs: usOf(Math.min(end * vadFrameSamples, totalSamples)) }));
  return { durationUs: usOf(totalSamples), islands, levels: { hopUs: 20_000, dbfs } };
}

/** From the loud tenth: what is said in a recording that is mostly silence counts. */
function gainFor(dbfs: readonly number[]): number {
  const loud = dbfs.toSorted((a, b) => a - b)[Math.floor(dbfs.length * 0.9)] ?? 0;
  if (loud >= usualDbfs || loud < floorDbfs) return 1;
  return 10 ** (Math.min(mostGainDb, usualDbfs - loud) / 20);
}

function levelOf(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.max(quietestDbfs, Math.round(10 * Math.log10(sum / samples.length + 1e-12)));
}
