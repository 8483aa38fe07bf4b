import type { ArtifactRef } from '../../artifacts/kinds.js';
import { SnvgError } from '../../errors.js';
import type { FileRef, Planner } from '../stage.js';
import { chunkOperation } from './chunk.js';
import { joinOperation } from './join.js';
import { languageOperation } from './language.js';
import { isKnownLanguage } from './recogniser/languages.js';
import { speechOperation } from './speech.js';

export const operations = [speechOperation, languageOperation, chunkOperation, joinOperation];

export interface TranscribeRequest {
  file: FileRef;
  source: ArtifactRef<'source'>;
  /** `auto`, or Whisper's code of the language. */
  language: string;
  /** Whether captions with cue times only may replace recognition. */
  useCaptions: boolean;
  /** Folder of the source, where sidecars lie. */
  dir: string;
}

export interface Transcribed {
  speech: ArtifactRef<'speech'>;
  transcript: ArtifactRef<'transcript'>;
}

/**
 * Hears a source: where somebody speaks, in which language, and every word with its time.
 *
 * @throws {SnvgError} USAGE when the recogniser does not know the language asked for; what its tasks throw
 */
export async function planTranscribe(p: Planner, { file, source, language }: TranscribeRequest): Promise<Transcribed> {
  if (language !== 'auto' && !isKnownLanguage(language)) {
    throw new SnvgError('USAGE', `The recogniser does not know the language "${language}"`, 'Give an ISO 639-1 code such as en or ja, or auto.');
  }
  const { speech, pcm } = await p.task(speechOperation, {}, { file, source }, { label: 'listening for speech' });
  const { chunks, islands } = await p.read(speech);
  const spoken = language === 'auto' && chunks.length > 0 ? await detect(p, speech, pcm) : language;
  const parts: ArtifactRef<'transcript-part'>[] = [];
  for (const [i, chunk] of chunks.entries()) {
    const within = islands.filter((island) => island.startUs < chunk.endUs && island.endUs > chunk.startUs);
    const { part } = await p.task(chunkOperation, { language: spoken, chunk, islands: within }, { pcm }, { label: `words ${i + 1} of ${chunks.length}` });
    parts.push(part);
  }
  const { transcript } = await p.task(joinOperation, { language: spoken === 'auto' ? 'und' : spoken }, { parts }, { label: 'sentences' });
  return { speech, transcript };
}

async function detect(p: Planner, speech: ArtifactRef<'speech'>, pcm: ArtifactRef<'speech.pcm'>): Promise<string> {
  const found = await p.task(languageOperation, {}, { speech, pcm }, { label: 'language' });
  return (await p.read(found.language)).language;
}
