import { stat } from 'node:fs/promises';
import { vadFrameSamples, type VoiceActivity } from './voice-activity.js';
import { findIslands } from './islands.js';
import { readBlocks, sampleRate, usOf } from './pcm.js';
import type { SpeechMethods } from './speech-methods.js';

const hopSamples = sampleRate / 50;
/** A multiple of a voice-activity frame and of a level's hop: 5.12 s. */
const blockSamples = vadFrameSamples * 160;
const quietestDbfs = -100;

/** Streams over the samples once: memory does not grow with the length of the source. */
export async function findSpeech(
  vad: VoiceActivity,
  pcmPath: string,
  report: { signal: AbortSignal; progress(fraction: number): void },
): Promise<SpeechMethods['findSpeech']['result']> {
  vad.reset();
  const totalSamples = (await stat(pcmPath)).size / 2;
  const probabilities: number[] = [];
  const dbfs: number[] = [];
  let samples = 0;
  for await (const block of readBlocks(pcmPath, blockSamples)) {
    report.signal.throwIfAborted();
    for (let at = 0; at < block.length; at += vadFrameSamples) probabilities.push(await vad.probability(block.subarray(at, at + vadFrameSamples)));
    for (let at = 0; at < block.length; at += hopSamples) dbfs.push(levelOf(block.subarray(at, at + hopSamples)));
    samples += block.length;
    report.progress(samples / totalSamples);
  }
  const islands = findIslands(probabilities).map(({ first, end }) => ({ startUs: usOf(first * vadFrameSamples), endUs: usOf(Math.min(end * vadFrameSamples, samples)) }));
  return { durationUs: usOf(samples), islands, levels: { hopUs: 20_000, dbfs } };
}

function levelOf(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.max(quietestDbfs, Math.round(10 * Math.log10(sum / samples.length + 1e-12)));
}
