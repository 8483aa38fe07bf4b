import { decideOnTask, lookAtQueue, requireQueue } from '../app/queue/queue-view.js';
import { queueLines } from '../ui/queue-lines.js';
import { terminalText } from '../ui/terminal-text.js';
import type { CommandContext } from './context.js';

/** `snvg queue`: how many tasks wait and since when, who works, what failed. */
export async function runQueueShow(context: CommandContext): Promise<number> {
  const { settings } = context.loaded;
  const state = await lookAtQueue(requireQueue(settings.queue), settings.logLevel);
  const { shown, ...rest } = state;
  if (settings.json) context.stdout.write(`${JSON.stringify({ queue: shown, ...rest })}\n`);
  else for (const line of queueLines(state)) context.stdout.write(`${line}\n`);
  return 0;
}

/** `snvg queue retry <task>` and `snvg queue drop <task>` */
export async function runQueueDecision(context: CommandContext, task: string, decision: 'retry' | 'drop'): Promise<number> {
  const { settings } = context.loaded;
  const decided = await decideOnTask(requireQueue(settings.queue), task, decision, settings.logLevel);
  const said = decision === 'retry' ? 'is tried once more' : 'is forgotten: it is tried when somebody asks for it again';
  context.stdout.write(settings.json ? `${JSON.stringify({ task: decided.key, decision })}\n` : `${terminalText(decided.label)} (${decided.key.slice(0, 12)}) ${said}\n`);
  return 0;
}
