import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import * as fc from 'fast-check';
import { cleanup, render } from 'ink-testing-library';
import stringWidth from 'string-width';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Review } from '../../src/ui/ink/review.js';
import { ReviewView } from '../../src/ui/ink/review-view.js';
import { edited, editing, textOf, windowAround, type EditKey } from '../../src/ui/line-editor.js';
import type { ReviewClip } from '../../src/ui/review-clip.js';
import { firstState, pressed, type ReviewState } from '../../src/ui/review-state.js';
import { appAt, deliverJob } from '../support/delivered-job.js';

afterEach(cleanup);

function clip(index: number, changes: Partial<ReviewClip> = {}): ReviewClip {
  return {
    lineage: `lineage-${index}`,
    index,
    title: `Title ${index}`,
    description: 'What they heard.',
    hashtags: ['#words'],
    score: 70,
    why: 'a strong opening',
    startUs: 60_000_000,
    endUs: 90_000_000,
    firstWord: 'What',
    lastWord: 'then.',
    doubtfulWords: [],
    notices: [],
    films: [{ format: 'vertical', path: '/clips/01.mp4', durationUs: 30_000_000, integratedLufs: -14, truePeakDbtp: -1.5 }],
    posts: [],
    decision: undefined,
    ...changes,
  };
}

describe('a frame', () => {
  it.each([[20, 8], [40, 12], [80, 24], [200, 60]])('stays within a terminal of %d × %d, whatever the clips hold', (columns, rows) => {
    for (const count of [0, 3, 40]) {
      const clips = Array.from({ length: count }, (_, at) => clip(at + 1, { title: `${'長い題名 '.repeat(20)}\u001b[2J\u202E`, description: 'words '.repeat(200), notices: Array.from({ length: 9 }, () => ({ code: 'NO_FACE_FOUND', message: 'none '.repeat(30), remedy: '', severity: 'degraded' })) }));
      for (const state of [firstState(clips), pressed(firstState(clips), { input: 'e' }).state, { ...firstState(clips), selected: Math.max(0, count - 1) }]) {
        const raw = render(<ReviewView state={state} columns={columns} rows={rows} />).lastFrame() ?? '';
        const lines = stripVTControlCharacters(raw).split('\n');
        expect(lines.length).toBeLessThan(rows);
        for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
        expect(raw).not.toContain('\u001b[2J');
        expect(raw).not.toContain('\u202E');
      }
    }
  });

  it('shows what the decision needs', () => {
    const clips = [clip(1, { decision: 'approved' }), clip(2, { doubtfulWords: ['seventeen'], posts: [{ platform: 'tiktok', accountName: 'ann', state: 'draft', url: null }], notices: [{ code: 'NO_FACE_FOUND', message: 'No face', remedy: '', severity: 'degraded' }] })];
    const frame = stripVTControlCharacters(render(<ReviewView state={firstState(clips)} columns={100} rows={30} />).lastFrame() ?? '');
    expect(frame).toContain('Review: 1 approved, 0 rejected, 1 waiting');
    expect(frame).toMatch(/ {2}✓ {2}1 Title 1/);
    expect(frame).toMatch(/› · {2}2 Title 2 .* 70 !1/);
    for (const text of ['a strong opening', '1:00 to 1:30 · begins “What”, ends “then.”', '−14.0 LUFS, true peak −1.5 dBTP', '1 word: seventeen', 'NO_FACE_FOUND: No face', 'draft on tiktok, ann', '/clips/01.mp4']) expect(frame).toContain(text);
  });
});

describe('the line editor', () => {
  const texts = fc.array(fc.constantFrom('a', ' ', 'é', 'e\u0301', '漢', '👨‍👩‍👧‍👦', '🇯🇵', 'प्रे')).map((parts) => parts.join(''));
  const keys = fc.oneof(fc.constantFrom<EditKey>('left', 'right', 'home', 'end', 'backspace'), texts.map((insert): EditKey => ({ insert })));

  it('keeps its cursor on a character and shows it, whatever is pressed', () => {
    fc.assert(
      fc.property(texts, fc.array(keys, { maxLength: 30 }), fc.integer({ min: 5, max: 40 }), (text, pressedKeys, width) => {
        let line = editing(text);
        for (const key of pressedKeys) line = edited(line, key);
        expect(line.cursor).toBeGreaterThanOrEqual(0);
        expect(line.cursor).toBeLessThanOrEqual(line.characters.length);
        const { before, under, after } = windowAround(line, width);
        expect(stringWidth(before) + stringWidth(under) + stringWidth(after)).toBeLessThanOrEqual(width);
        expect(textOf(line)).toContain(before);
      }),
    );
  });

  it('inserts where the cursor stands and takes away whole characters', () => {
    let line = editing('ab👨‍👩‍👧‍👦');
    line = edited(line, 'backspace');
    line = edited(edited(line, 'left'), { insert: 'X\r\nY\u001b' });
    expect(textOf(line)).toBe('aX Yb');
    expect(textOf(edited(edited(line, 'home'), 'backspace'))).toBe('aX Yb');
    expect(textOf(edited(line, 'clear'))).toBe('');
  });
});

/** A review on a terminal of the test's own. `kept`: the clips as the actions left them; `shows` waits for a frame. */
async function review(clips: ReviewClip[]) {
  const kept = new Map(clips.map((one) => [one.lineage, one]));
  const done: string[] = [];
  const change = (one: ReviewClip, now: Partial<ReviewClip>): ReviewClip => {
    const next = { ...one, ...now };
    kept.set(one.lineage, next);
    return next;
  };
  const actions = {
    decide: (one: ReviewClip, decision: ReviewClip['decision']) => change(one, { decision }),
    edit: (one: ReviewClip, text: Partial<ReviewClip>) => change(one, text),
    open: async (one: ReviewClip) => {
      done.push(`open ${one.index}`);
      if (one.index === 2) throw new Error('xdg-open cannot open it');
    },
  };
  const view = render(<Review clips={clips} actions={actions} changed={() => {}} interrupt={() => done.push('interrupt')} />);
  // Keys count from when the program listens.
  await vi.waitFor(() => expect(view.stdin.listenerCount('readable')).toBeGreaterThan(0), 5000);
  const press = (...inputs: string[]): void => inputs.forEach((input) => view.stdin.write(input));
  const shows = (what: string | RegExp): Promise<void> => vi.waitFor(() => expect(stripVTControlCharacters(view.lastFrame() ?? '')).toMatch(what), 5000);
  return { kept, done, press, shows };
}

describe('keys', () => {
  it('decide, and go on to the next clip that waits', async () => {
    const { kept, press, shows } = await review([clip(1), clip(2), clip(3)]);
    press('a', 'r');
    expect([...kept.values()].map(({ decision }) => decision)).toEqual(['approved', 'rejected', undefined]);
    await shows(/› · {2}3 Title 3/);
    press('\u001b[A', 'u');
    expect(kept.get('lineage-2')?.decision).toBeUndefined();
    await shows('1 approved, 0 rejected, 2 waiting');
  });

  it('that arrive at once are done one after the other', async () => {
    const { kept, press } = await review([clip(1), clip(2), clip(3)]);
    press('arja');
    expect([...kept.values()].map(({ decision }) => decision)).toEqual(['approved', 'rejected', 'approved']);
  });

  it('change title, text and hashtags, or leave them', async () => {
    const { kept, press, shows } = await review([clip(1)]);
    press('e', '!', '\t', ' More.', '\t', ' two three', '\r');
    expect(kept.get('lineage-1')).toMatchObject({ title: 'Title 1!', description: 'What they heard. More.', hashtags: ['#words', '#two', '#three'] });
    await shows('1 has new words');
    press('e', 'x\ty\rz', '\r');
    expect(kept.get('lineage-1')).toMatchObject({ title: 'Title 1!x', description: 'What they heard. More.y z' });
    press('e', '\u0015', '\r');
    await shows('A clip needs a title');
    press('\u001b');
    await shows('Nothing was changed');
    expect(kept.get('lineage-1')?.title).toBe('Title 1!x');
  });

  it('open films, say what went wrong, and pass Ctrl-C on', async () => {
    const { done, press, shows } = await review([clip(1), clip(2)]);
    press('o');
    await shows('1 is shown in another window');
    press('j', 'o');
    await shows('xdg-open cannot open it');
    press('\u0003');
    expect(done).toEqual(['open 1', 'open 2', 'interrupt']);
  });

  it('do nothing harmful without clips', () => {
    let state: ReviewState = firstState([]);
    for (const input of ['a', 'r', 'u', 'e', 'o', 'j', 'k', 'G']) ({ state } = pressed(state, { input }));
    expect(state.clips).toEqual([]);
    expect(pressed(state, { input: 'q' }).effect).toEqual({ kind: 'quit' });
  });
});

const hasTmux = spawnSync('tmux', ['-V']).status === 0;
if (!hasTmux && process.env['CI'] === 'true') throw new Error('the review is tested in tmux, which is not installed here');

describe.skipIf(!hasTmux)('on a terminal (skipped where tmux is not installed)', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  let dir = '';
  let socket = '';
  beforeEach(async () => {
    socket = `snvg-test-${randomUUID()}`;
    dir = mkdtempSync(join(tmpdir(), 'snvg-test-'));
    for (const folder of ['home', 'bin']) mkdirSync(join(dir, folder));
    for (const name of ['xdg-open', 'open']) writeFileSync(join(dir, 'bin', name), `#!/bin/sh\necho "$1" > ${join(dir, 'opened')}\n`, { mode: 0o755 });
    const app = await appAt(join(dir, 'home'));
    deliverJob(app, dir);
    await app.close();
  });
  afterEach(() => {
    spawnSync('tmux', ['-L', socket, 'kill-server']);
    rmSync(dir, { recursive: true, force: true });
  });
  const tmux = (...args: string[]): string => execFileSync('tmux', ['-L', socket, '-f', '/dev/null', ...args], { encoding: 'utf8' });
  async function screen(pattern: RegExp): Promise<string> {
    let seen = '';
    for (let attempt = 0; attempt < 400; attempt += 1) {
      seen = tmux('capture-pane', '-p');
      if (pattern.test(seen)) return seen;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the screen never showed ${pattern.source}; it shows:\n${seen}`);
  }
  function start(): void {
    const app = `env -u CI -u NO_COLOR TERM=xterm-256color PATH=${join(dir, 'bin')}:$PATH ${process.execPath} --import tsx test/ui/fixtures/review-app.ts ${join(dir, 'home')}; echo "exit $?"; exec cat`;
    tmux('new-session', '-d', '-x', '100', '-y', '30', '-c', root, app);
  }

  it('takes decisions and words that last, opens a film, survives other sizes, and leaves the terminal as it was', async () => {
    start();
    await screen(/› · {2}1 What is the first thing you notice\?/);
    tmux('send-keys', 'a');
    await screen(/✓ {2}1 .*\n› · {2}2 Numbers nobody forgets/);
    tmux('send-keys', 'o');
    await screen(/2 is shown in another window/);
    expect(readFileSync(join(dir, 'opened'), 'utf8').trim()).toBe(join(dir, 'talk.snvg', '02-Numbers-nobody-forgets.vertical.mp4'));
    tmux('send-keys', 'e');
    await screen(/Enter saves/);
    tmux('send-keys', '!', 'Enter');
    await screen(/2 has new words/);
    tmux('resize-window', '-x', '50', '-y', '12');
    await screen(/^Review: 1 approved.*\n.*\n› · {2}2 Numbers nobody forgets! +70\n/);
    tmux('resize-window', '-x', '90', '-y', '20');
    tmux('send-keys', 'r');
    await screen(/› · {2}3 Why pauses work/);
    tmux('send-keys', 'q');
    expect((await screen(/exit 0/)).trim()).toBe('1 approved, 1 rejected, 1 waiting\nexit 0');
    expect(tmux('display-message', '-p', '#{cursor_flag}').trim()).toBe('1');
    const app = await appAt(join(dir, 'home'));
    expect(app.reviews.text({ sourceSha256: 'a'.repeat(64), lineage: `2${'b'.repeat(15)}` }).title).toBe('Numbers nobody forgets!');
    await app.close();
  });

  it('ends on Ctrl-C like every command', async () => {
    start();
    await screen(/q quit/);
    tmux('send-keys', 'C-c');
    expect(await screen(/exit 130/)).toContain('ended with INTERRUPTED');
    expect(tmux('display-message', '-p', '#{cursor_flag}').trim()).toBe('1');
  });
});
