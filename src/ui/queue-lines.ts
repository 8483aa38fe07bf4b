import type { QueueState } from '../pipeline/backends/queue/view.js';
import { byteSize, count, span } from './format.js';
import { aligned, terminalText } from './terminal-text.js';

/** What `snvg queue` prints for people. */
export function queueLines(state: QueueState & { shown: string }): string[] {
  const { tasks, workers, quarantined, memory } = state;
  const age = tasks.oldestWaitingMs === null ? '' : `, the oldest for ${span(tasks.oldestWaitingMs)}`;
  const delayed = tasks.delayed === 0 ? '' : `, ${tasks.delayed} to be tried again`;
  const room = memory.limitBytes === 0 ? byteSize(memory.usedBytes) : `${byteSize(memory.usedBytes)} of ${byteSize(memory.limitBytes)}`;
  const lines = [`${state.shown}: ${count(tasks.waiting, 'task')} waiting${age}, ${tasks.running} running${delayed}; memory ${room}`];
  const orphaned = state.lanes.filter((lane) => lane.workers === 0 && lane.waiting + lane.delayed > 0);
  for (const { waiting, tools, needs, version } of orphaned) {
    lines.push(`${count(waiting, 'task')} wait for a worker with snvg ${terminalText(version)} and the same ${tools.length === 0 ? 'tools' : tools.map(terminalText).join(', ')}${needs.length === 0 ? '' : `, tagged ${needs.map(terminalText).join(', ')}`}`);
  }
  lines.push('', workers.length === 0 ? 'No worker is connected: snvg worker --queue … --store …' : `${count(workers.length, 'worker')}:`);
  lines.push(...aligned(workers.toSorted((one, other) => one.id.localeCompare(other.id)).map(workerRow)));
  const failures = Object.entries(state.failures);
  if (failures.length > 0) lines.push('', `Runs that ended badly since yesterday: ${failures.map(([name, times]) => `${name} ${times}`).join(', ')}`);
  if (quarantined.length > 0) lines.push('', `${count(quarantined.length, 'task')} in quarantine (snvg queue retry|drop <task>):`);
  lines.push(...aligned(quarantined.map(({ key, op, label, why }) => [key.slice(0, 12), op, terminalText(label), terminalText(why)])));
  return lines;
}

function workerRow(worker: QueueState['workers'][number]): string[] {
  const minutes = Math.max(1, Math.min(worker.upMs, rateWindowMs) / 60_000);
  const state = worker.state === 'working' && worker.running.length === 0 ? 'idle' : worker.state;
  const busy = [state, ...worker.running.map(({ op }) => terminalText(op))].join(' ');
  return [terminalText(worker.id), `${worker.running.length} running`, `${worker.done} done`, `${(worker.recentDone / minutes).toFixed(1)} a minute`, `${worker.failed} failed`, worker.tags.map(terminalText).join(','), busy];
}

/** As workers count it: the last ten minutes. */
const rateWindowMs = 10 * 60_000;
