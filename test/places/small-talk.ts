import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A film of 14 s, 320×180: quick to make and to cut. */
export function makeSmallFilm(path: string): void {
  makeFilm(path, 'testsrc2=s=320x180:r=25:d=14');
}

/** The same with nothing bright in its picture: whatever is white in a clip of it was put there. */
export function makeDarkFilm(path: string): void {
  makeFilm(path, 'testsrc2=s=320x180:r=25:d=14,lutyuv=y=16+(val-16)*0.3');
}

function makeFilm(path: string, source: string): void {
  const picture = `-f lavfi -i ${source}`;
  const sound = '-f lavfi -i sine=220:d=14';
  const options = `-v error -y ${picture} ${sound} -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac -shortest`;
  execFileSync('ffmpeg', options.split(' ').concat(`file:${path}`));
}

/** Words for it, in two sentences of about three seconds with a pause between them. */
export function writeWords(dir: string, sentences: readonly [string, string], name = 'words.json'): string {
  const words = sentences.flatMap((sentence, index) => {
    const parts = sentence.split(' ');
    const from = index === 0 ? 0.5 : 7.5;
    const step = 2.9 / parts.length;
    return parts.map((text, at) => ({ text: at === parts.length - 1 ? `${text}.` : text, start: from + at * step, end: from + (at + 1) * step }));
  });
  const path = join(dir, name);
  writeFileSync(path, JSON.stringify({ language: 'en', words }));
  return path;
}

/** Clips of a few seconds, as cheap as they come. */
export const quick = ['--min-length', '3', '--max-length', '6', '--preset', 'ultrafast'] as const;
