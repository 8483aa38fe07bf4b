import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../../src/process/run.js';
import { writeReport } from '../../../src/ui/report/index.js';
import type { ReportInput } from '../../../src/ui/report/input.js';
import { hostileReport } from './hostile-report.js';
import { sampleReport } from './sample-report.js';

const executablePath = [process.env['SNVG_CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => path !== undefined && existsSync(path));
if (!executablePath && process.env['CI'] === 'true') throw new Error('the report is tested in Chromium, which is not installed here');

// Names that break a link or a selector when they are not escaped.
const folderName = "a'b c#d?e&f%41";

/** The sample with its first two clips only, as small files of which the second format is square. */
function shortReport(): ReportInput {
  const sample = sampleReport(['vertical', 'square']);
  return { ...sample, manifest: { ...sample.manifest, clips: sample.manifest.clips.slice(0, 2) } };
}

describe.skipIf(!executablePath)('the report in a browser (skipped where Chromium is not installed)', () => {
  let dir: string;
  let browser: Browser;
  let page: Page;
  let faults: string[] = [];
  const input = shortReport();

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), `snvg-report ${folderName}`));
    const talk = fileURLToPath(new URL('../../../fixtures/talk.mp4', import.meta.url));
    for (const clip of input.manifest.clips) {
      const [range] = clip.ranges;
      if (!range) continue;
      for (const output of clip.outputs) {
        const size = output.format === 'vertical' ? 'crop=405:720,scale=90:160' : 'crop=720:720,scale=96:96';
        const args = ['-v', 'error', '-threads', '1', '-ss', String(range.startUs / 1e6), '-t', '12', '-i', talk, '-vf', `${size},fps=10`, '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-movflags', '+faststart', join(dir, output.path)];
        await run({ command: 'ffmpeg', args, cwd: dir });
      }
    }
    browser = await chromium.launch({ ...(executablePath === undefined ? {} : { executablePath }), args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--autoplay-policy=no-user-gesture-required', '--mute-audio'] });
  });
  afterAll(async () => {
    await browser.close();
    rmSync(dir, { recursive: true, force: true });
  });
  afterEach(async () => {
    await page.close();
    expect(faults).toEqual([]);
  });

  async function open(report: ReportInput, options: Parameters<Browser['newPage']>[0] = {}): Promise<void> {
    writeFileSync(join(dir, 'report.html'), writeReport(report));
    faults = [];
    page = await browser.newPage(options);
    // A refusal by the page's own policy is a console error too.
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith('file:')) faults.push(request.url());
    });
    await page.goto(pathToFileURL(join(dir, 'report.html')).href);
  }
  const timeOf = (clip: number): Promise<number> => page.locator(`#clip-${clip} video:visible`).evaluate((video) => (video as unknown as { currentTime: number }).currentTime);

  it('plays every clip, and a click on a word goes there', async () => {
    await open(input);
    for (const clip of input.manifest.clips) {
      const word = page.locator(`#clip-${clip.index} .words [data-t]`).nth(12);
      const startSeconds = Number(await word.getAttribute('data-t')) / 1e6;
      expect(startSeconds).toBeGreaterThan(1);
      await word.click();
      await expect.poll(() => timeOf(clip.index)).toBeGreaterThan(startSeconds + 0.2);
      expect(await timeOf(clip.index)).toBeLessThan(startSeconds + 8);
      await expect.poll(() => page.locator(`#clip-${clip.index} .words .now`).count()).toBe(1);
    }
    // Starting the second stopped the first.
    const paused = await page.locator('video').evaluateAll((videos) => videos.map((video) => (video as unknown as { paused: boolean }).paused));
    expect(paused.filter((value) => !value).length).toBeLessThanOrEqual(1);
    await expect(page.locator('.playhead').isVisible()).resolves.toBe(true);
  });

  it('works from the keyboard: words and candidates', async () => {
    await open(input);
    const list = page.locator('#clip-1 .words');
    await list.focus();
    for (const key of ['Home', 'ArrowRight', 'ArrowRight', 'ArrowDown', 'ArrowLeft']) await page.keyboard.press(key);
    const chosen = page.locator('#clip-1 [aria-selected="true"]');
    expect(await list.getAttribute('aria-activedescendant')).toBe('clip-1-w2');
    expect(await chosen.getAttribute('id')).toBe('clip-1-w2');
    await page.keyboard.press('Enter');
    const startSeconds = Number(await chosen.getAttribute('data-t')) / 1e6;
    await expect.poll(() => timeOf(1)).toBeGreaterThan(startSeconds);

    await page.locator('.cand').first().focus();
    const seen = new Set<string>();
    for (let step = 0; step < 12; step += 1) {
      seen.add(await page.locator('#candidate-detail .detail-text').innerText());
      await page.keyboard.press('ArrowRight');
    }
    expect(seen.size).toBe(12);
    await page.keyboard.press('End');
    expect(await page.evaluate(`document.activeElement === [...document.querySelectorAll('.cand')].at(-1)`)).toBe(true);
    // One stop for all candidates, one for the words of each clip.
    expect(await page.locator('.cand[tabindex="0"]').count()).toBe(1);
  });

  it('says why each candidate was chosen or not, when pointed at', async () => {
    await open(input);
    for (const candidate of (input.candidates?.candidates ?? []).slice(0, 8)) {
      await page.locator(`[data-candidate="${candidate.id}"]`).hover({ force: true });
      const detail = await page.locator('#candidate-detail').innerText();
      expect(detail).toContain(candidate.reason);
      expect(detail).toContain(candidate.text.slice(0, 40));
      expect(detail).toContain(candidate.state === 'selected' ? 'clip ' : 'not chosen');
    }
  });

  it('keeps the place when the format is changed', async () => {
    await open(input);
    await page.locator('#clip-1 .words [data-t]').nth(12).click();
    await expect.poll(() => timeOf(1)).toBeGreaterThan(2);
    const before = await timeOf(1);
    await page.locator('#clip-1 .tabs button', { hasText: 'square' }).click();
    expect(await page.locator('#clip-1 video:visible').getAttribute('data-format')).toBe('square');
    await expect.poll(() => timeOf(1)).toBeGreaterThanOrEqual(before);
  });

  it('runs nothing that a hostile name, title, word or notice holds', async () => {
    await open(hostileReport());
    // The hostile names of clips lead nowhere; that they cannot be loaded is no fault of the page.
    faults = faults.filter((fault) => !fault.includes('ERR_FILE_NOT_FOUND'));
    for (const bar of await page.locator('.cand').all()) await bar.hover({ force: true });
    expect(await page.title()).toContain('<script>');
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator('script').count()).toBe(2);
    expect(await page.locator('#candidate-detail .reason').innerText()).toContain('</script>');
    faults = faults.filter((fault) => !fault.includes('ERR_FILE_NOT_FOUND'));
  });

  it.each([
    [1280, 'light'],
    [1280, 'dark'],
    [390, 'light'],
    [390, 'dark'],
  ] as const)('at %d px, %s: fits, and its text has enough contrast', async (width, colorScheme) => {
    await open(input, { viewport: { width, height: 844 }, colorScheme });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    await page.evaluate('for (const one of document.querySelectorAll("details")) one.open = true');
    expect(await page.evaluate(lowContrast)).toEqual([]);
    await page.locator('#theme').click();
    expect(await page.evaluate(lowContrast)).toEqual([]);
  });

  it('everything that can be operated has a name', async () => {
    await open(input);
    const nameless = await page.evaluate(`[...document.querySelectorAll('button, a, video, [role=listbox], [role=region], [role=group]')]
      .filter((one) => !(one.getAttribute('aria-label') || one.textContent.trim()))
      .map((one) => one.outerHTML.slice(0, 120))`);
    expect(nameless).toEqual([]);
    const ids = (await page.evaluate(`[...document.querySelectorAll('[id]')].map((one) => one.id)`)) as string[];
    expect(new Set(ids).size).toBe(ids.length);
  });
});

/** Runs in the page: texts whose contrast with what is behind them is below 4.5 : 1 (WCAG 2.2, 1.4.3). */
const lowContrast = `(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d');
  const pixels = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const luminance = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      for (const style of [getComputedStyle(at), getComputedStyle(at, '::before')]) {
        const color = pixels(style.backgroundColor);
        if (color[3] > 250) return color;
      }
    }
    return [255, 255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || element.closest('script, style, .sr, .skip') || !element.checkVisibility()) continue;
    const [one, other] = [luminance(pixels(getComputedStyle(element).color)), luminance(behind(element))].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (other + 0.05);
    if (ratio < 4.5) found.push(node.textContent.trim().slice(0, 30) + ' ' + ratio.toFixed(2));
  }
  return found;
})()`;
