import { Box, Text } from 'ink';
import { windowAround } from '../line-editor.js';
import { decisionMark, decisionsText, receiptRows, type ReviewClip } from '../review-clip.js';
import { editedFields, type ReviewState } from '../review-state.js';
import { clipped, padded, terminalText } from '../terminal-text.js';

const colors = { approved: 'green', rejected: 'red', waiting: 'gray' } as const;
const nameWidth = 9;

/** All clips above, the selected one with its receipt below, keys at the bottom; always lower than the terminal. */
export function ReviewView({ state, columns, rows }: { state: ReviewState; columns: number; rows: number }) {
  const clip = state.clips[state.selected];
  const wide = Math.max(20, columns) - 1;
  const details = clip ? detailLines(clip, wide) : [];
  // The head, an empty line, the foot and one line to spare; what is left is shared, the list getting what it needs up to half.
  const free = Math.max(2, rows - 5);
  const listRows = Math.max(1, Math.min(state.clips.length, Math.max(Math.floor(free / 2), free - details.length)));
  const first = Math.min(Math.max(0, state.selected - Math.floor(listRows / 2)), Math.max(0, state.clips.length - listRows));
  return (
    <Box flexDirection="column">
      <Text bold wrap="truncate">
        {clipped(`Review: ${decisionsText(state.clips)}`, wide)}
      </Text>
      {state.clips.slice(first, first + listRows).map((one, offset) => (
        <ClipRow key={one.lineage} clip={one} selected={first + offset === state.selected} width={wide} />
      ))}
      {clip ? (
        <Box flexDirection="column" marginTop={1}>
          {state.edit ? <EditRows edit={state.edit} width={wide} /> : details.slice(0, Math.max(1, free - listRows)).map(([name, text], index) => <DetailRow key={index} name={name} text={text} />)}
        </Box>
      ) : undefined}
      <Text dimColor wrap="truncate">
        {clipped(state.message === '' ? keysOf(state) : `${terminalText(state.message)} · ${keysOf(state)}`, wide)}
      </Text>
    </Box>
  );
}

function keysOf({ edit }: ReviewState): string {
  return edit ? 'Enter saves · Tab next field · Esc leaves it as it was' : 'a approve · r reject · u undo · e edit · o open · ↑↓ move · q quit';
}

function ClipRow({ clip, selected, width }: { clip: ReviewClip; selected: boolean; width: number }) {
  const decision = clip.decision ?? 'waiting';
  const warnings = clip.notices.filter(({ severity }) => severity === 'degraded').length;
  const tail = `${clip.score.toFixed(0).padStart(3)}${warnings > 0 ? ` !${warnings}` : ''}`;
  const title = clipped(terminalText(clip.title), Math.max(1, width - 7 - tail.length - 2));
  return (
    <Text wrap="truncate">
      <Text {...(selected ? { color: 'cyan' } : {})}>{selected ? '›' : ' '}</Text>
      <Text color={colors[decision]}>{` ${decisionMark(clip.decision)} `}</Text>
      <Text bold={selected} dimColor={decision === 'rejected'}>
        {`${String(clip.index).padStart(2)} ${padded(title, Math.max(1, width - 7 - tail.length - 2))}`}
      </Text>
      <Text dimColor>{`  ${tail}`}</Text>
    </Text>
  );
}

/** Texts are wrapped here, so that the frame's height is known before it is drawn. */
function detailLines(clip: ReviewClip, width: number): [name: string, text: string][] {
  return receiptRows(clip).flatMap(([name, text]) => wrapped(text, Math.max(10, width - nameWidth - 1), name === 'text' ? 4 : 2).map((line, index): [string, string] => [index === 0 ? name : '', line]));
}

/** At most `lines` lines between words; the last is cut. */
function wrapped(text: string, width: number, lines: number): string[] {
  const made: string[] = [];
  let rest = text;
  while (made.length < lines - 1 && clipped(rest, width) !== rest) {
    const fits = clipped(rest, width).slice(0, -1);
    const space = fits.lastIndexOf(' ');
    const end = space > 0 ? space : fits.length;
    if (end === 0) break;
    made.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return [...made, clipped(rest, width)];
}

function DetailRow({ name, text }: { name: string; text: string }) {
  return (
    <Text wrap="truncate">
      <Text dimColor={name !== 'warning'} {...(name === 'warning' ? { color: 'yellow' } : {})}>
        {padded(name, nameWidth)}
      </Text>
      {` ${text}`}
    </Text>
  );
}

function EditRows({ edit, width }: { edit: NonNullable<ReviewState['edit']>; width: number }) {
  return (
    <>
      {editedFields.map((field) => {
        const active = field === edit.field;
        const { before, under, after } = windowAround(active ? edit.lines[field] : { ...edit.lines[field], cursor: 0 }, Math.max(5, width - nameWidth - 2));
        const name = padded(field === 'description' ? 'text' : field, nameWidth);
        return (
          <Text key={field} wrap="truncate">
            <Text bold={active} dimColor={!active}>
              {`${name} `}
            </Text>
            {before}
            <Text inverse={active}>{under}</Text>
            {after}
          </Text>
        );
      })}
    </>
  );
}
