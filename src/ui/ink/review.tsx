import { render, useApp, useInput, useStdout, type Key } from 'ink';
import { useEffect, useRef, useState } from 'react';
import type { ReviewClip, ReviewDecision, ReviewText } from '../review-clip.js';
import { firstState, pressed, replaced, type ReviewEffect, type ReviewKey, type ReviewState } from '../review-state.js';
import { ReviewView } from './review-view.js';

/** A screen of its own, so that what stood on the terminal comes back, and sizes may change. */
const otherScreen = '\u001b[?1049h\u001b[H';
const mainScreen = '\u001b[?1049l';

/** What a review can do; each gives the clip as it is then. */
export interface ReviewActions {
  decide(clip: ReviewClip, decision: ReviewDecision | undefined): ReviewClip;
  edit(clip: ReviewClip, text: ReviewText): ReviewClip;
  /** Shows the clip's film in the player of the desktop. @throws {Error} with what to do */
  open(clip: ReviewClip): Promise<void>;
}

/** Takes the terminal until the person quits or `signal` aborts; resolves with the clips as they were left. Ctrl-C reaches the process as SIGINT. */
export async function reviewOnTerminal(clips: readonly ReviewClip[], actions: ReviewActions, streams: { stdin: NodeJS.ReadStream; stdout: NodeJS.WriteStream; stderr: NodeJS.WriteStream }, signal: AbortSignal): Promise<readonly ReviewClip[]> {
  let left = clips;
  const leave = (): void => {
    streams.stdout.write(mainScreen);
  };
  streams.stdout.write(otherScreen);
  process.once('exit', leave);
  const instance = render(<Review clips={clips} actions={actions} changed={(now) => (left = now)} interrupt={() => process.kill(process.pid, 'SIGINT')} />, { ...streams, exitOnCtrlC: false, patchConsole: false });
  const stop = (): void => instance.unmount();
  signal.addEventListener('abort', stop);
  try {
    await instance.waitUntilExit();
  } finally {
    signal.removeEventListener('abort', stop);
    process.off('exit', leave);
    leave();
  }
  signal.throwIfAborted();
  return left;
}

interface ReviewProps {
  clips: readonly ReviewClip[];
  actions: ReviewActions;
  changed(clips: readonly ReviewClip[]): void;
  /** Ctrl-C, which a terminal in raw mode gives as a key. */
  interrupt(): void;
}

export function Review({ clips, actions, changed, interrupt }: ReviewProps) {
  const { exit } = useApp();
  const [state, draw] = useState<ReviewState>(() => firstState(clips));
  // Keys may come faster than frames: each has to see what the one before it did.
  const current = useRef(state);
  const become = (next: ReviewState): void => {
    current.current = next;
    draw(next);
  };
  const size = useTerminalSize();
  const press = (key: ReviewKey): void => {
    const { state: next, effect } = pressed(current.current, key);
    if (!effect) return become(next);
    if (effect.kind === 'quit') return exit();
    become(carriedOut(next, effect, actions, (message) => become({ ...current.current, message })));
    changed(current.current.clips);
  };
  useInput((input, key) => {
    for (const one of keysOf(input, key)) {
      if (one.ctrl === true && one.input === 'c') interrupt();
      // In the list each letter is a key of its own, also when several arrive at once.
      else if (current.current.edit || one.name !== undefined) press(one);
      else for (const letter of one.input) press({ ...one, input: letter });
    }
  });
  return <ReviewView state={state} {...size} />;
}

function carriedOut(state: ReviewState, effect: Exclude<ReviewEffect, { kind: 'quit' }>, actions: ReviewActions, say: (message: string) => void): ReviewState {
  const clip = state.clips[state.selected];
  if (!clip) return state;
  try {
    switch (effect.kind) {
      case 'decide': {
        const { decision } = effect;
        return replaced(state, actions.decide(clip, decision), `${clip.index} ${decision ?? 'waits again'}`, decision !== undefined);
      }
      case 'save':
        return replaced(state, actions.edit(clip, effect.text), `${clip.index} has new words`, false);
      case 'open':
        actions.open(clip).then(
          () => say(`${clip.index} is shown in another window`),
          (error: unknown) => say(reason(error)),
        );
        return { ...state, message: `Opening ${clip.index} …` };
    }
  } catch (error) {
    return { ...state, message: reason(error) };
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const controlKeys: Readonly<Record<string, ReviewKey>> = {
  '\t': { input: '', name: 'tab' },
  '\r': { input: '', name: 'return' },
  '\n': { input: '', name: 'return' },
  '\b': { input: '', name: 'backspace' },
  '\u007F': { input: '', name: 'backspace' },
  '\u0003': { input: 'c', ctrl: true },
};

/**
 * Keys that were pressed quickly, and pasted text, come in one piece: text between its keys stays together. A line end within pasted
 * text is no Enter.
 */
function keysOf(input: string, key: Key): ReviewKey[] {
  const name = nameOf(key);
  if (name !== undefined) return [{ input: '', name, shift: key.shift }];
  if (key.ctrl) return [{ input, ctrl: true }];
  const pieces = input.replace(/[\r\n]+(?=[^\r\n])/g, ' ').match(/\p{Cc}|\P{Cc}+/gu) ?? [];
  return pieces.flatMap((piece) => controlKeys[piece] ?? (/^\p{Cc}$/u.test(piece) ? [] : [{ input: piece }]));
}

function nameOf(key: Key): ReviewKey['name'] {
  if (key.upArrow) return 'up';
  if (key.downArrow) return 'down';
  if (key.leftArrow) return 'left';
  if (key.rightArrow) return 'right';
  if (key.home) return 'home';
  if (key.end) return 'end';
  if (key.return) return 'return';
  if (key.escape) return 'escape';
  if (key.tab) return 'tab';
  // The backspace key arrives as `delete` on most terminals.
  return key.backspace || key.delete ? 'backspace' : undefined;
}

function useTerminalSize(): { columns: number; rows: number } {
  const { stdout } = useStdout();
  const measure = (): { columns: number; rows: number } => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 });
  const [size, setSize] = useState(measure);
  useEffect(() => {
    const resized = (): void => setSize(measure());
    stdout.on('resize', resized);
    return () => {
      stdout.off('resize', resized);
    };
  }, [stdout]);
  return size;
}
