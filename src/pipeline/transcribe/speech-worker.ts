/** The child process that hears: Silero VAD and Whisper, loaded when first asked for. */
import { verifyModel } from '../../inference/model-files.js';
import { serveModelWorker } from '../../inference/serve-model-worker.js';
import { findSpeech } from './recogniser/find-speech.js';
import { Recogniser } from './recogniser/recogniser.js';
import type { SpeechMethods } from './recogniser/speech-methods.js';
import { VoiceActivity } from './recogniser/voice-activity.js';

const threads = 1;

let vad: Promise<VoiceActivity> | undefined;
const recognisers = new Map<string, Promise<Recogniser>>();

async function loadVad(modelsDir: string): Promise<VoiceActivity> {
  const model = await verifyModel(modelsDir, 'silero-vad');
  return VoiceActivity.load(model.file('silero_vad_16k.onnx'));
}

function recogniserOf(modelsDir: string, id: string): Promise<Recogniser> {
  let recogniser = recognisers.get(id);
  if (!recogniser) {
    recogniser = Recogniser.load(modelsDir, id, threads);
    // A failed load is forgotten: the file may have been put right.
    recogniser.catch(() => recognisers.delete(id));
    recognisers.set(id, recogniser);
  }
  return recogniser;
}

/** Requests are worked on one after another: the native runtime uses this thread anyway, and memory stays that of one. */
let queue: Promise<unknown> = Promise.resolve();
function inTurn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const next = queue.then(() => {
    signal.throwIfAborted();
    return work();
  });
  queue = next.catch(() => undefined);
  return next;
}

serveModelWorker<SpeechMethods>({
  findSpeech: ({ modelsDir, pcmPath }, { signal, progress }) =>
    inTurn(signal, async () => {
      vad ??= loadVad(modelsDir);
      vad.catch(() => {
        vad = undefined;
      });
      return findSpeech(await vad, pcmPath, { signal, progress });
    }),
  identifyLanguage: ({ modelsDir, model, pcmPath, chunks }, { signal }) =>
    inTurn(signal, async () => {
      const recogniser = await recogniserOf(modelsDir, model);
      const guesses = [];
      for (const chunk of chunks) guesses.push(await recogniser.identifyLanguage(pcmPath, chunk));
      return guesses;
    }),
  recognise: ({ modelsDir, model, pcmPath, chunk, language, islands }, { signal }) =>
    inTurn(signal, async () => {
      const recogniser = await recogniserOf(modelsDir, model);
      return { words: await recogniser.recognise(pcmPath, chunk, { language, islands, signal }) };
    }),
});
