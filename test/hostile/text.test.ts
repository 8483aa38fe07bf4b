import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Word } from '../../src/artifacts/schemas/speech.js';
import { type CaptionFonts, openCaptionFonts } from '../../src/captions/fonts.js';
import { layoutPage } from '../../src/captions/layout-page.js';
import { parseSrt } from '../../src/captions/parse-srt.js';
import { parseVtt } from '../../src/captions/parse-vtt.js';
import { writeAss } from '../../src/captions/write-ass.js';
import { writeSrt, writeVtt } from '../../src/captions/write-cues.js';
import { reportError, SnvgError } from '../../src/errors.js';
import { shownName } from '../../src/media/ffmpeg.js';
import { trackLabel } from '../../src/pipeline/ingest/choose-streams.js';
import type { RunEventBody } from '../../src/pipeline/run-event.js';
import { errorLines } from '../../src/ui/error-lines.js';
import { eventLines } from '../../src/ui/lines.js';
import { RunView } from '../../src/ui/run-view.js';

/** Titles, tags, names and spoken words as somebody with bad intentions would write them, and anything else. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
  fc.array(fc.constantFrom('{', '}', '\\N', '\\', '{\\p1}', '{\\fs400}', '\n', '\r', '\u0000', '\u001b[2J', '\u001b]0;x\u0007', '\u202e', '\u2028', '\u0085', '-->', '<b>', '<script>', '&#10;', 'Dialogue: 0,0:00:00.00,9:59:59.99,x,,0,0,0,,', 'error BUG: ', '\n→ ', "';[0:v]null", '$(id)', 'a', ' '), { minLength: 1, maxLength: 8 }).map((parts) => parts.join('')),
);
/** What a terminal acts on or would show in another order. */
const active = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u;
const wordOf = (text: string, n: number): Word => ({ text, spaceBefore: true, startUs: n * 500_000, endUs: (n + 1) * 500_000, confidence: 1 });

describe('what is said in a film', () => {
  let fonts: CaptionFonts;
  beforeAll(async () => {
    fonts = await openCaptionFonts('assets/fonts');
  });

  it('is drawn as letters, whatever it is: no override, no other event', () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 3 }), (texts) => {
        const words = texts.map(wordOf);
        const page = { first: 0, last: words.length - 1, startUs: 0, endUs: words.length * 500_000 };
        const laid = layoutPage(page, words, { language: 'en', emPx: 84, widthPx: 900, uppercase: false }, fonts);
        const ass = writeAss([laid], words, { color: '#FFFFFF', highlight: '#FFE500', outlineShare: 0.1 }, { width: 1080, height: 1920, area: { x: 90, y: 900, width: 900, height: 600 } }, fonts);
        const events = ass.slice(ass.indexOf('[Events]')).split('\n').slice(2, -1);
        expect(events).toHaveLength(words.length);
        for (const event of events) {
          expect(event).toMatch(/^Dialogue: 0,/);
          // Without the colours that snvg sets and the breaks it makes, neither a brace nor a command is left.
          const text = event.split(',').slice(9).join(',').replaceAll(/\{\\1c&H00[0-9A-F]{6}&\}/g, '').replaceAll('\\{', '').replaceAll('\\}', '').replaceAll('\\\u2060', '').replaceAll('\\N', '');
          expect(text).not.toMatch(/[{}\\]/);
          expect(text).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('never becomes another caption, a time or a mark in SRT and VTT', () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 4 }), (texts) => {
        const cues = texts.map((text, n) => ({ startUs: n * 2_000_000, endUs: n * 2_000_000 + 1_000_000, text }));
        const blank = texts.filter((text) => text.replaceAll(/[\s\u0085]/gu, '') === '').length;
        const given = (read: () => unknown[]): number => (blank === texts.length ? 0 : read().length);
        expect(given(() => parseSrt(writeSrt(cues)))).toBeLessThanOrEqual(texts.length);
        expect(writeSrt(cues).match(/-->/g)).toHaveLength(texts.length);
        expect(writeVtt(cues).match(/-->/g)).toHaveLength(texts.length);
        expect(writeVtt(cues).replaceAll('-->', '')).not.toMatch(/[<>]/);
        expect(given(() => parseVtt(writeVtt(cues)))).toBeLessThanOrEqual(texts.length);
      }),
    );
  });
});

describe('names and titles of files and tracks', () => {
  it('are one line of plain text in errors, however they are nested in it', () => {
    fc.assert(
      fc.property(hostile, hostile, (name, title) => {
        const track = trackLabel({ index: 1, codec_type: 'audio', channels: 2, disposition: {}, tags: { title, language: title }, side_data_list: [] });
        expect(shownName(`/films/${name.replaceAll('/', '_')}`)).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        const lines = errorLines(reportError(new SnvgError('MEDIA_UNREADABLE', `${shownName(`/films/${name}`)}: ${track}`, title)), false);
        expect(lines).toHaveLength(2);
        for (const line of lines) expect(line).not.toMatch(active);
        expect(lines[0].startsWith('error MEDIA_UNREADABLE: ')).toBe(true);
      }),
    );
  });

  it('are one line of plain text in everything that is said while it runs', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const error = { code: 'TOOL_FAILED', message: text, remedy: text, exitCode: 1 };
        const bodies: RunEventBody[] = [
          { type: 'job-started', source: text, outputDir: text },
          { type: 'notice', notice: { code: 'AUDIO_TRACK_CHOSEN', stage: 'ingest', severity: 'info', message: text, remedy: text } },
          { type: 'task-failed', taskKey: 'k', stage: 'render', op: 'render.clip', label: text, error },
          { type: 'clip-ready', index: 1, title: text, path: text, format: 'vertical', durationUs: 1_000_000, score: 50 },
          { type: 'job-finished', state: 'failed', outputDir: text, clips: 0, error },
        ];
        const run = new RunView();
        for (const [at, body] of bodies.entries()) {
          const event = { ...body, jobId: 'job', at };
          for (const line of eventLines(event, run.apply(event))) expect(line.text).not.toMatch(active);
        }
      }),
    );
  });
});
