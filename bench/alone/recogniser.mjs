// The recogniser alone, in this one process: voice activity, chunks, words. No job, no child, no store around it.
// Usage: node recogniser.mjs <16 kHz mono s16le file> <language>
import { join, resolve } from 'node:path';
import { verifyModel } from '../../dist/inference/model-files.js';
import { packChunks } from '../../dist/pipeline/transcribe/pack-chunks.js';
import { findSpeech } from '../../dist/pipeline/transcribe/recogniser/find-speech.js';
import { Recogniser } from '../../dist/pipeline/transcribe/recogniser/recogniser.js';
import { VoiceActivity } from '../../dist/pipeline/transcribe/recogniser/voice-activity.js';

const [pcm = '', language = 'en'] = process.argv.slice(2);
const pcmPath = resolve(pcm);
const modelsDir = join(import.meta.dirname, '../../models');
const { signal } = new AbortController();

const gate = await VoiceActivity.load((await verifyModel(modelsDir, 'silero-vad')).file('silero_vad_16k.onnx'));
const { islands, durationUs } = await findSpeech(gate, pcmPath, { signal, progress: () => {} });
const chunks = packChunks(islands, durationUs, ({ startUs, endUs }) => (startUs + endUs) / 2);
const recogniser = await Recogniser.load(modelsDir, 'whisper-base', 1);
let words = 0;
for (const chunk of chunks) {
  const within = islands.filter((island) => island.startUs < chunk.endUs && island.endUs > chunk.startUs);
  words += (await recogniser.recognise(pcmPath, chunk, { language, islands: within, signal })).length;
}
process.stdout.write(`${chunks.length} chunks, ${words} words\n`);
