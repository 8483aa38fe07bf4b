import { Box, Static, Text } from 'ink';
import { jobRemainingMs, stageRemainingMs } from '../eta.js';
import { clock, count, span } from '../format.js';
import { fetchText, type Line, type Tone } from '../lines.js';
import { elsewhereText, stageProgress, type JobView, type StageView } from '../run-view.js';
import { clipped, padded, terminalText } from '../terminal-text.js';

/** Everything a frame shows; the same state draws the same frame. */
export interface LiveState {
  jobs: readonly JobView[];
  /** The whole run: inputs given, and how many have ended. */
  batch: { inputs: number; done: number; failed: number; startedAtMs: number };
  log: readonly (Line & { id: number })[];
  nowMs: number;
  /** Counts redraws; turns the spinner. */
  tick: number;
  columns: number;
  rows: number;
  /** What Ctrl-C does, where it does not stop the run. */
  ctrlC?: string;
}

const colorOf: Record<Tone, string | undefined> = { normal: undefined, good: 'green', warn: 'yellow', bad: 'red', dim: undefined };

export function LiveView({ jobs, batch, log, nowMs, tick, columns, rows, ctrlC = 'Ctrl-C stops; what is done is kept' }: LiveState) {
  const unfinished = jobs.filter((job) => job.state === 'running');
  // What happens here comes before what others do.
  const running = [...unfinished.filter((job) => !job.heldBy), ...unfinished.filter((job) => job.heldBy)];
  const [only] = running;
  // The redrawn part must stay lower than the terminal, or every frame would scroll it.
  const roomy = batch.inputs <= 1 && running.length === 1 && rows >= 12;
  const shown = running.slice(0, Math.max(1, rows - (batch.inputs > 1 ? 4 : 2)));
  return (
    <>
      <Static items={[...log]}>{(line) => <LogLine key={line.id} line={line} />}</Static>
      {only && roomy ? (
        <JobPanel job={only} nowMs={nowMs} tick={tick} columns={columns} ctrlC={ctrlC} />
      ) : (
        shown.map((job) => <JobLine key={job.id} job={job} nowMs={nowMs} tick={tick} columns={columns} />)
      )}
      {batch.inputs > 1 && running.length > 0 ? <BatchFoot batch={batch} running={running} nowMs={nowMs} columns={columns} /> : undefined}
    </>
  );
}

/** How far all inputs are, under the lines of those that run. */
function BatchFoot({ batch, running, nowMs, columns }: { batch: LiveState['batch']; running: readonly JobView[]; nowMs: number; columns: number }) {
  const held = running.filter((job) => job.heldBy).length;
  const toCome = batch.inputs - batch.done - batch.failed - running.length;
  const parts = [`${batch.done} of ${count(batch.inputs, 'input')} done`];
  if (batch.failed > 0) parts.push(`${batch.failed} failed`);
  if (held > 0) parts.push(`${held} elsewhere`);
  if (toCome > 0) parts.push(`${toCome} to come`);
  parts.push(`${span(nowMs - batch.startedAtMs)} so far`);
  if (columns >= 80) parts.push('Ctrl-C stops; what is done is kept');
  return (
    <Text dimColor wrap="truncate">
      {parts.join(' · ')}
    </Text>
  );
}

function LogLine({ line }: { line: Line }) {
  const color = colorOf[line.tone];
  return (
    <Text {...(color === undefined ? {} : { color })} dimColor={line.tone === 'dim'}>
      {line.text}
    </Text>
  );
}

interface JobProps {
  job: JobView;
  nowMs: number;
  tick: number;
  columns: number;
}

function JobPanel({ job, nowMs, tick, columns, ctrlC }: JobProps & { ctrlC: string }) {
  const leftMs = jobRemainingMs(job, nowMs);
  const foot = [`${span(nowMs - job.startedAtMs)} so far`];
  if (job.fetch) foot.unshift(fetchText(job.fetch));
  if (job.queued) foot.unshift('waiting for a coordinator');
  if (leftMs !== undefined) foot.push(`about ${span(leftMs)} left`);
  if (job.clips.length > 0) foot.push(`${count(job.clips.length, 'clip')} ready`);
  if (columns >= 80) foot.push(ctrlC);
  return (
    <Box flexDirection="column" marginTop={1}>
      {[...job.stages.values()].map((stage) => (
        <StageRow key={stage.id} stage={stage} nowMs={nowMs} tick={tick} columns={columns} />
      ))}
      <Box marginTop={1}>
        <Text dimColor wrap="truncate">
          {foot.join(' · ')}
        </Text>
      </Box>
    </Box>
  );
}

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const marks = { waiting: '·', done: '✓', cached: '✓', failed: '✗' } as const;
const markColors = { waiting: 'gray', running: 'cyan', done: 'green', cached: 'green', failed: 'red' } as const;

function StageRow({ stage, nowMs, tick, columns }: { stage: StageView; nowMs: number; tick: number; columns: number }) {
  const { total, finished, fraction } = stageProgress(stage);
  // Between two rounds of tasks (windows are analysed once moments are chosen) nothing of the stage runs.
  const working = stage.state === 'running' && (total === 0 || finished < total);
  const mark = working ? (spinner[tick % spinner.length] ?? '·') : stage.state === 'running' ? marks.waiting : marks[stage.state];
  const barWidth = Math.max(0, Math.min(30, columns - 50));
  const filled = Math.round(fraction * barWidth);
  return (
    <Text wrap="truncate" dimColor={stage.state === 'waiting'}>
      <Text color={markColors[stage.state]}>{mark}</Text>
      {` ${padded(stage.id, 10)}  `}
      {working ? (
        <>
          <Text color="cyan">{'━'.repeat(filled)}</Text>
          <Text dimColor>{'─'.repeat(barWidth - filled)}</Text>
          {`${barWidth > 0 ? '  ' : ''}${runningText(stage, nowMs)}`}
        </>
      ) : (
        <Text dimColor>{settledText(stage)}</Text>
      )}
    </Text>
  );
}

function runningText(stage: StageView, nowMs: number): string {
  const { total, finished, fraction } = stageProgress(stage);
  const leftMs = stageRemainingMs(stage, nowMs);
  const parts = [`${String(Math.floor(fraction * 100)).padStart(3)} %`, `${finished} of ${total}`];
  if (leftMs !== undefined && leftMs > 0) parts.push(`${span(leftMs)} left`);
  const elsewhere = elsewhereText(stage, ({ state }) => state === 'running');
  if (elsewhere !== '') parts.push(elsewhere);
  return parts.join('  ');
}

function settledText(stage: StageView): string {
  if (stage.state === 'waiting') return '';
  const { total, cached } = stageProgress(stage);
  if (stage.state === 'running') return `${count(total, 'task')} done, more to come`;
  const elsewhere = elsewhereText(stage, (task) => !task.cached);
  const known = cached === 0 ? '' : cached === total ? ', known already' : `, ${cached} known already`;
  return `${count(total, 'task')}${known}${elsewhere && `, ${elsewhere}`}${stage.cpuSeconds > 0 ? `, ${span(stage.cpuSeconds * 1000)} CPU` : ''}`;
}

/** One job in one line, when several run or the terminal is low. */
function JobLine({ job, nowMs, tick, columns }: JobProps) {
  const name = clipped(terminalText(job.source), Math.max(10, columns - 50));
  if (job.heldBy) {
    return (
      <Text wrap="truncate">
        {`· ${name}  `}
        <Text dimColor>{`worked on by process ${job.heldBy.pid}`}</Text>
      </Text>
    );
  }
  const stage = [...job.stages.values()].find((one) => one.state === 'running');
  const leftMs = jobRemainingMs(job, nowMs);
  const parts = [job.fetch ? fetchText(job.fetch) : job.queued ? 'waiting for a coordinator' : stage ? `${stage.id} ${Math.floor(stageProgress(stage).fraction * 100)} %` : 'starting'];
  const elsewhere = stage ? elsewhereText(stage, ({ state }) => state === 'running') : '';
  if (elsewhere !== '') parts.push(elsewhere);
  if (job.clips.length > 0) parts.push(`${count(job.clips.length, 'clip')} ready`);
  if (leftMs !== undefined) parts.push(`about ${span(leftMs)} left`);
  const length = job.durationUs === undefined ? '' : ` (${clock(job.durationUs)})`;
  return (
    <Text wrap="truncate">
      <Text color="cyan">{spinner[tick % spinner.length]}</Text>
      {` ${name}${length}  `}
      <Text dimColor>{parts.join(' · ')}</Text>
    </Text>
  );
}
