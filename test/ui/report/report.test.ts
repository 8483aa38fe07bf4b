import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manifest } from '../../../src/artifacts/schemas/manifest.js';
import { candidates } from '../../../src/artifacts/schemas/selection.js';
import type { Word } from '../../../src/artifacts/schemas/speech.js';
import { clipWords } from '../../../src/ui/report/clip-words.js';
import { html, relativeLink, scriptJson } from '../../../src/ui/report/html.js';
import { writeReport } from '../../../src/ui/report/index.js';
import { barScale, scoreBars } from '../../../src/ui/report/score-bars.js';
import { hostile, hostileReport } from './hostile-report.js';
import { sampleReport } from './sample-report.js';

/** The page without what stands in its two scripts: there, markup is only characters of a string. */
function outsideScripts(page: string): string {
  return page.replace(/<script[^>]*>.*?<\/script>/gs, '');
}
/** As Content-Security-Policy names it. */
function hash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
function wordAt(text: string, startUs: number): Word {
  return { text, spaceBefore: true, startUs, endUs: startUs + 500_000, confidence: 0.9 };
}

describe('markup', () => {
  it('whatever the text, it stays text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.constant(hostile)), (text) => {
        const inside = html`<p title="${text}">${text}</p>`.markup.slice('<p title="'.length, -'</p>'.length);
        expect(inside.replace('">', '')).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
      }),
    );
  });

  it('data stays inside its script element and says the same', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.constant({ [hostile]: hostile })), (value) => {
        const { markup } = scriptJson(value);
        expect(markup).not.toMatch(/[<>&\u2028\u2029]/);
        expect(JSON.parse(markup)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it.each([
    ['01-a.mp4', './01-a.mp4'],
    ['a b#c?d%.mp4', './a%20b%23c%3Fd%25.mp4'],
    ['javascript:alert(1)', './javascript%3Aalert(1)'],
    ['sub/01-日本.srt', './sub/01-%E6%97%A5%E6%9C%AC.srt'],
  ])('a link to %s stays beside the page', (path, link) => expect(relativeLink(path)).toBe(link));
});

describe('the page', () => {
  it('is made from what the schemas allow', () => {
    const input = sampleReport();
    expect(manifest.parse(input.manifest)).toEqual(input.manifest);
    expect(candidates.parse(input.candidates)).toEqual(input.candidates);
  });

  it('allows exactly its own script and style', () => {
    const page = writeReport(sampleReport());
    const policy = /Content-Security-Policy" content="([^"]+)"/.exec(page)?.[1]?.replaceAll('&#39;', "'") ?? '';
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? '';
    const script = /<script>([\s\S]*?)<\/script>/.exec(page)?.[1] ?? '';
    expect(policy.split('; ')).toEqual(["default-src 'none'", `script-src ${hash(script)}`, `style-src ${hash(style)}`, "media-src 'self' file:", "img-src 'self' file:", "base-uri 'none'", "form-action 'none'"]);
    expect(outsideScripts(page)).not.toMatch(/ style="| on\w+="|https?:/);
  });

  it('holds no markup from hostile names, titles, words or notices', () => {
    const page = writeReport(hostileReport());
    expect(page.match(/<script/g)).toHaveLength(2);
    expect(page.match(/<\/script>/g)).toHaveLength(2);
    const outside = outsideScripts(page);
    for (const markup of ['<!--', '<img', " onmouseover='", ' onerror="', 'href="javascript']) expect(outside.includes(markup), markup).toBe(false);
  });

  it('links captions and receipts, lists checks, and marks doubtful words', () => {
    const input = sampleReport();
    const page = writeReport(input);
    for (const clip of input.manifest.clips) {
      const [output] = clip.outputs;
      for (const path of [output?.path, output?.captions?.srt, output?.captions?.vtt, output?.captions?.ass, output?.receipt]) expect(page).toContain(`"./${path}"`);
    }
    const doubtful = input.receipts.reduce((sum, receipt) => sum + receipt.clip.doubtfulWords.length, 0);
    expect(doubtful).toBeGreaterThan(5);
    expect(page.match(/class="doubt"/g)).toHaveLength(doubtful);
    expect(page).toContain('✓ 5 checks passed');
  });

  it('shows a failed check openly', () => {
    const input = sampleReport();
    input.receipts[0]?.clip.checks.push({ id: 'frozen', passed: false, detail: 'frozen for 2 s' });
    const page = writeReport(input);
    expect(page).toContain('✗ 1 of 6 checks failed');
    expect(page).toMatch(/<details class="receipt" open>/);
  });

  it('says so when there is no clip, no candidate, no receipt', () => {
    const input = sampleReport();
    const none = writeReport({ ...input, manifest: { ...input.manifest, clips: [], job: { ...input.manifest.job, state: 'failed' } }, receipts: [], candidates: undefined, words: [] });
    expect(none).toContain('No clip was made.');
    expect(none).not.toContain('What was considered');
    expect(writeReport({ ...input, receipts: [] })).toContain('no receipt');
  });

  it('stays small for a long source with a thousand candidates', () => {
    const input = sampleReport();
    const [model] = input.candidates?.candidates ?? [];
    if (!model || !input.candidates) throw new Error('the sample has candidates');
    const many = Array.from({ length: 1_000 }, (_, index) => ({ ...model, id: `x${index}`, state: 'rejected' as const, ranges: [{ startUs: index * 200_000, endUs: index * 200_000 + 30e6 }] }));
    expect(writeReport({ ...input, candidates: { ...input.candidates, candidates: many } }).length).toBeLessThan(2_000_000);
  });
});

describe('words of a clip', () => {
  const input = sampleReport();
  const [clip] = input.manifest.clips;
  if (!clip) throw new Error('the sample has clips');

  it('come from the transcript in time on the clip, over all its ranges', () => {
    const words = [wordAt('before', 0), wordAt('one', 1_000_000), wordAt('gap', 3_000_000), wordAt('two', 5_200_000), wordAt('after', 7_000_000)];
    const ranges = [{ startUs: 900_000, endUs: 2_000_000 }, { startUs: 5_000_000, endUs: 6_000_000 }];
    expect(clipWords({ ...clip, ranges }, { ...input, words, receipts: [] }).map(({ text, startUs }) => [text, startUs])).toEqual([['one', 100_000], ['two', 1_300_000]]);
  });

  it('are those of the captions where a person corrected them', () => {
    const [receipt] = input.receipts;
    if (!receipt) throw new Error('the sample has receipts');
    const cues = { schemaVersion: 1 as const, language: 'en', durationUs: 1, words: [{ text: 'Corrected', spaceBefore: false, startUs: 10, endUs: 20, confidence: 1 }], edited: true };
    expect(clipWords(clip, { ...input, receipts: [{ ...receipt, cues }] }).map((word) => word.text)).toEqual(['Corrected']);
  });
});

describe('score bars', () => {
  it('never leave their drawing, whatever the scores', () => {
    const scores = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.double({ min: -100, max: 100, noNaN: true }), { minKeys: 1 });
    fc.assert(
      fc.property(fc.array(scores, { minLength: 1, maxLength: 5 }), (all) => {
        const scale = barScale(all);
        for (const parts of all) {
          for (const [, x, width] of scoreBars(parts, scale).markup.matchAll(/<rect x="([-\d.e]+)%" width="([-\d.e]+)%"/g)) {
            expect(Number(x)).toBeGreaterThanOrEqual(-0.011);
            expect(Number(x) + Number(width)).toBeLessThanOrEqual(100.021);
          }
        }
      }),
    );
  });
});
