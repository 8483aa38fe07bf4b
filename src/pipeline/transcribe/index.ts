import type { ArtifactRef } from '../../artifacts/kinds.js';
import { SnvgError } from '../../errors.js';
import type { FileRef, Planner } from '../stage.js';
import { cuesOperation } from './captions/cues-operation.js';
import { findCaptions, givenCaptions, type FoundCaptions } from './captions/find-captions.js';
import { wordsOperation } from './captions/words-operation.js';
import { chunkOperation } from './chunk.js';
import { joinOperation } from './join.js';
import { languageOperation } from './language.js';
import { isKnownLanguage } from './recogniser/languages.js';
import { silentOperation } from './silent-operation.js';
import { speechOperation } from './speech.js';

export const operations = [speechOperation, silentOperation, languageOperation, chunkOperation, joinOperation, wordsOperation, cuesOperation];

interface TranscribeRequest {
  /** What is decoded. */
  file: FileRef;
  /** The source as it was named: what lies beside it is looked for by this name. */
  path: string;
  source: ArtifactRef<'source'>;
  /** `auto`, or Whisper's code of the language. */
  language: string;
  /** Whether captions with times for whole cues only may replace recognition. */
  useCaptions: boolean;
  /** Folder in which sidecars are looked for. */
  dir: string;
  /** Words given by hand, which replace recognition whatever else is found. */
  transcriptFile?: string;
}

/** Where the sound of a source is. */
interface Sound {
  speech: ArtifactRef<'speech'>;
  pcm: ArtifactRef<'speech.pcm'>;
}

/**
 * Hears a source: where somebody speaks, in which language, and every word with its time. Captions with word times that
 * lie beside the source replace recognition; others are reported, and used when asked for. Of a source without sound nothing is
 * heard; captions are used all the same.
 *
 * @throws {SnvgError} USAGE when the recogniser does not know the language asked for; CAPTIONS_INVALID; what its tasks throw
 */
export async function planTranscribe(p: Planner, request: TranscribeRequest): Promise<{ speech: ArtifactRef<'speech'>; transcript: ArtifactRef<'transcript'> }> {
  const { file, source, language } = request;
  if (language !== 'auto' && !isKnownLanguage(language)) {
    throw new SnvgError('USAGE', `The recogniser does not know the language "${language}"`, 'Give an ISO 639-1 code such as en or ja, or auto.');
  }
  const captions = await chooseCaptions(p, request);
  const { audio, durationUs } = await p.read(source);
  if (!audio) {
    const nothing = await p.task(silentOperation, { durationUs }, {}, { label: 'no sound' });
    const named = language === 'auto' ? (captions?.language ?? 'und') : language;
    return { speech: nothing.speech, transcript: captions ? await takeCaptions(p, file, captions, { speech: nothing.speech, language: named }) : nothing.transcript };
  }
  const { speech, pcm } = await p.task(speechOperation, {}, { file, source }, { label: 'speech' });
  const named = language === 'auto' ? (captions?.language ?? 'auto') : language;
  const spoken = named === 'auto' ? await hearLanguage(p, { speech, pcm }) : named;
  return { speech, transcript: captions ? await takeCaptions(p, file, captions, { speech, language: spoken }) : await recognise(p, { speech, pcm }, spoken) };
}

/** The captions to use, if any; says what was found and not used. */
async function chooseCaptions(p: Planner, { path, source, language, useCaptions, dir, transcriptFile }: TranscribeRequest): Promise<FoundCaptions | undefined> {
  if (transcriptFile !== undefined) return givenCaptions(transcriptFile);
  const known = await p.read(source);
  const found = await findCaptions(dir, path, known, language);
  const [best] = found;
  if (!best || best.kind === 'words' || useCaptions) return best;
  p.notice({
    code: 'CAPTIONS_FOUND',
    stage: 'transcribe',
    severity: 'info',
    message: `Captions found (${found.map(({ name }) => name).join(', ')}); ${known.audio ? 'the words are recognised from the sound all the same' : 'they are not used'}`,
    remedy: 'Use --use-captions to take the words from them.',
  });
  return undefined;
}

/** `und` when nobody speaks. */
async function hearLanguage(p: Planner, { speech, pcm }: Sound): Promise<string> {
  if ((await p.read(speech)).chunks.length === 0) return 'und';
  const found = await p.task(languageOperation, {}, { speech, pcm }, { label: 'language' });
  return (await p.read(found.language)).language;
}

async function takeCaptions(p: Planner, file: FileRef, captions: FoundCaptions, { speech, language }: { speech: ArtifactRef<'speech'>; language: string }): Promise<ArtifactRef<'transcript'>> {
  const { kind, name } = captions;
  const sidecar = kind === 'track' ? file : await p.fingerprint(captions.path, { signal: p.signal });
  const inputs = { captions: sidecar, speech };
  const options = { label: name };
  if (kind === 'words') return (await p.task(wordsOperation, { name, language }, inputs, options)).transcript;
  const streamIndex = kind === 'track' ? captions.streamIndex : null;
  return (await p.task(cuesOperation, { name, language, streamIndex }, inputs, options)).transcript;
}

async function recognise(p: Planner, { speech, pcm }: Sound, language: string): Promise<ArtifactRef<'transcript'>> {
  const { chunks, islands } = await p.read(speech);
  const heard = chunks.map((chunk, i) => {
    const within = islands.filter((island) => island.startUs < chunk.endUs && island.endUs > chunk.startUs);
    // In order of time, and before anything else of this job: every later stage waits for the last of them.
    return p.task(chunkOperation, { language, chunk, islands: within }, { pcm }, { label: `words ${i + 1} of ${chunks.length}`, priority: 1_000 - i / chunks.length });
  });
  const parts = (await Promise.all(heard)).map(({ part }) => part);
  return (await p.task(joinOperation, { language }, { parts }, { label: 'sentences' })).transcript;
}
