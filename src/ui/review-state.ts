import { edited, editing, textOf, type EditedLine, type EditKey } from './line-editor.js';
import type { ReviewClip, ReviewDecision, ReviewText } from './review-clip.js';

export const editedFields = ['title', 'description', 'hashtags'] as const;
export type EditedField = (typeof editedFields)[number];

/** What the review shows; the same state draws the same frame. */
export interface ReviewState {
  clips: readonly ReviewClip[];
  /** Index into `clips`. */
  selected: number;
  /** Words being changed; undefined: none are. */
  edit: { field: EditedField; lines: Record<EditedField, EditedLine> } | undefined;
  /** The last thing that happened. */
  message: string;
}

/** What a key asks for beyond the state. */
export type ReviewEffect = { kind: 'decide'; decision: ReviewDecision | undefined } | { kind: 'save'; text: ReviewText } | { kind: 'open' } | { kind: 'quit' };

/** A key as the terminal gives it. */
export interface ReviewKey {
  input: string;
  name?: 'up' | 'down' | 'left' | 'right' | 'home' | 'end' | 'return' | 'escape' | 'tab' | 'backspace';
  shift?: boolean;
  ctrl?: boolean;
}

export function firstState(clips: readonly ReviewClip[]): ReviewState {
  return { clips, selected: Math.max(0, clips.findIndex(isWaiting)), edit: undefined, message: '' };
}

/** What a key does. */
export function pressed(state: ReviewState, key: ReviewKey): { state: ReviewState; effect?: ReviewEffect } {
  return state.edit ? pressedInEdit(state, state.edit, key) : pressedInList(state, key);
}

function pressedInList(state: ReviewState, { input, name }: ReviewKey): { state: ReviewState; effect?: ReviewEffect } {
  const move = (to: number): { state: ReviewState } => ({ state: { ...state, selected: Math.min(Math.max(0, to), state.clips.length - 1), message: '' } });
  const clip = state.clips[state.selected];
  if (name === 'up' || input === 'k') return move(state.selected - 1);
  if (name === 'down' || input === 'j') return move(state.selected + 1);
  if (name === 'home' || input === 'g') return move(0);
  if (name === 'end' || input === 'G') return move(state.clips.length - 1);
  if (input === 'q' || name === 'escape') return { state, effect: { kind: 'quit' } };
  if (!clip) return { state };
  if (input === 'a') return { state, effect: { kind: 'decide', decision: 'approved' } };
  if (input === 'r') return { state, effect: { kind: 'decide', decision: 'rejected' } };
  if (input === 'u') return { state, effect: { kind: 'decide', decision: undefined } };
  if (input === 'o' || name === 'return') return { state, effect: { kind: 'open' } };
  if (input === 'e') {
    const lines = { title: editing(clip.title), description: editing(clip.description), hashtags: editing(clip.hashtags.join(' ')) };
    return { state: { ...state, edit: { field: 'title', lines }, message: '' } };
  }
  return { state };
}

function pressedInEdit(state: ReviewState, edit: NonNullable<ReviewState['edit']>, key: ReviewKey): { state: ReviewState; effect?: ReviewEffect } {
  const turn = (by: number): { state: ReviewState } => {
    const next = editedFields[(editedFields.indexOf(edit.field) + by + editedFields.length) % editedFields.length] ?? 'title';
    return { state: { ...state, edit: { ...edit, field: next } } };
  };
  if (key.name === 'escape') return { state: { ...state, edit: undefined, message: 'Nothing was changed' } };
  if (key.name === 'tab') return turn(key.shift === true ? -1 : 1);
  if (key.name === 'down') return turn(1);
  if (key.name === 'up') return turn(-1);
  if (key.name === 'return') return saved(state, edit);
  const editKey = editKeyOf(key);
  if (editKey === undefined) return { state };
  return { state: { ...state, edit: { ...edit, lines: { ...edit.lines, [edit.field]: edited(edit.lines[edit.field], editKey) } } } };
}

function saved(state: ReviewState, { lines }: NonNullable<ReviewState['edit']>): { state: ReviewState; effect?: ReviewEffect } {
  const title = textOf(lines.title).trim();
  if (title === '') return { state: { ...state, message: 'A clip needs a title' } };
  const hashtags = textOf(lines.hashtags).split(/\s+/u).filter((tag) => tag.replace(/^#+/, '') !== '').map((tag) => `#${tag.replace(/^#+/, '')}`);
  return { state: { ...state, edit: undefined }, effect: { kind: 'save', text: { title, description: textOf(lines.description).trim(), hashtags } } };
}

function editKeyOf({ input, name, ctrl }: ReviewKey): EditKey | undefined {
  if (name === 'left' || name === 'right' || name === 'home' || name === 'end' || name === 'backspace') return name;
  if (ctrl === true) return input === 'a' ? 'home' : input === 'e' ? 'end' : input === 'u' ? 'clear' : undefined;
  return input === '' ? undefined : { insert: input };
}

/** The state with a clip as it is now; after a decision the next one that waits is selected. */
export function replaced(state: ReviewState, clip: ReviewClip, message: string, goOn: boolean): ReviewState {
  const clips = state.clips.map((one) => (one.lineage === clip.lineage ? clip : one));
  const order = clips.map((_, step) => (state.selected + 1 + step) % clips.length);
  const next = goOn ? order.find((index) => isWaiting(clips[index])) : undefined;
  return { ...state, clips, selected: next ?? state.selected, message };
}

function isWaiting(clip: ReviewClip | undefined): boolean {
  return clip !== undefined && clip.decision === undefined;
}
