import { ageMs } from '../app/store/age.js';
import { collectStore } from '../app/store/collect-store.js';
import { type KeptFiles, openKeptFiles } from '../app/store/kept-files.js';
import { type BytesByAge, storeUsage } from '../app/store/store-usage.js';
import { type StoreVerdict, verifyStore } from '../app/store/verify-store.js';
import { ExitCode, SnvgError } from '../errors.js';
import { printError } from '../ui/error-lines.js';
import { byteSize, count } from '../ui/format.js';
import { wantsColor } from '../ui/reporter.js';
import { aligned, terminalText } from '../ui/terminal-text.js';
import type { CommandContext } from './context.js';

/** Damaged files and broken results that are listed one by one. */
const mostListed = 20;
const progressMs = 500;

/** `local`: the cache of this machine though a store is set. */
interface Where {
  local: boolean;
}

async function withKept(context: CommandContext, { local }: Where, readOnly: boolean, body: (kept: KeptFiles) => Promise<number>): Promise<number> {
  const { settings } = context.loaded;
  const kept = await openKeptFiles({ settings, paths: context.paths, signal: context.signal, readOnly, store: local ? null : settings.store });
  try {
    return await body(kept);
  } finally {
    await kept.close();
  }
}

/** `snvg store verify`: 0 when all is as it was put, or was repaired; else 4. */
export function runStoreVerify(context: CommandContext, flags: Where & { repair: boolean }): Promise<number> {
  return withKept(context, flags, !flags.repair, async (kept) => {
    const counter = progressLine(context);
    const verdict = await verifyStore(kept, { repair: flags.repair, signal: context.signal, progress: (artifacts, bytes) => counter.show(`read ${count(artifacts, 'artifact')} (${byteSize(bytes)})`) });
    counter.end();
    const { json } = context.loaded.settings;
    if (json) context.stdout.write(`${JSON.stringify({ store: verdict })}\n`);
    else for (const line of verdictLines(verdict)) context.stdout.write(`${line}\n`);
    const fault = verdict.repaired ? undefined : faultOf(verdict);
    if (!fault) return ExitCode.ok;
    return json ? fault.exitCode : printError(fault, { json: false, color: wantsColor(context.loaded.settings, context.stderr, context.env), stdout: context.stdout, stderr: context.stderr });
  });
}

/** `snvg store gc`: removes what is old and no job needs. */
export function runStoreGc(context: CommandContext, flags: Where & { olderThan: string; dryRun: boolean }): Promise<number> {
  const olderThanMs = ageMs(flags.olderThan);
  return withKept(context, flags, flags.dryRun, async (kept) => {
    const counter = progressLine(context);
    const done = await collectStore(kept, { olderThanMs, dryRun: flags.dryRun, signal: context.signal, progress: (looked) => counter.show(`looked at ${count(looked, 'object')}`) });
    counter.end();
    if (context.loaded.settings.json) {
      context.stdout.write(`${JSON.stringify({ store: done })}\n`);
      return ExitCode.ok;
    }
    const others = done.others === 0 ? '' : `, ${count(done.others, kept.exchange ? 'unfinished upload' : 'download')}`;
    context.stdout.write(`${done.dryRun ? 'would remove' : 'removed'} ${count(done.artifacts, 'artifact')}, ${count(done.results, 'result')}${others} (${byteSize(done.freedBytes)}) from ${terminalText(done.place)}\n`);
    if (done.kept > 0) context.stdout.write(`kept what jobs still need: ${count(done.kept, kept.exchange ? 'old object' : 'artifact')}\n`);
    return ExitCode.ok;
  });
}

/** `snvg store du`: what takes how much room, by kind and age. */
export function runStoreDu(context: CommandContext, flags: Where): Promise<number> {
  return withKept(context, flags, true, async (kept) => {
    const usage = await storeUsage(kept, context.signal);
    if (context.loaded.settings.json) {
      context.stdout.write(`${JSON.stringify({ store: usage })}\n`);
      return ExitCode.ok;
    }
    const rows = usage.kinds.map(({ kind, files, bytes, byAge }) => [kind, String(files), byteSize(bytes), ...bands(byAge)]);
    context.stdout.write(`${terminalText(usage.place)}: ${count(usage.files, 'file')}, ${byteSize(usage.bytes)}\n`);
    if (rows.length > 0) for (const line of aligned([['kind', 'files', 'size', '< 1 day', '< 7 days', '< 30 days', 'older'], ...rows])) context.stdout.write(`${terminalText(line)}\n`);
    for (const { jobId, host, renewedMs } of usage.pins ?? []) context.stdout.write(`job ${terminalText(jobId)} of ${terminalText(host)} needs some of it (said so ${new Date(renewedMs).toISOString().slice(0, 16).replace('T', ' ')} UTC)\n`);
    return ExitCode.ok;
  });
}

function bands({ day, week, month, older }: BytesByAge): string[] {
  return [day, week, month, older].map((bytes) => (bytes === 0 ? '–' : byteSize(bytes)));
}

function verdictLines({ place, artifacts, bytes, damaged, results, broken, repaired }: StoreVerdict): string[] {
  const lines = damaged.slice(0, mostListed).map(({ hash, sizeBytes }) => `damaged   ${hash}  ${byteSize(sizeBytes)}`);
  if (damaged.length > mostListed) lines.push(`… and ${damaged.length - mostListed} more`);
  for (const { key, op, missing } of broken.slice(0, mostListed)) lines.push(`broken    result ${key.slice(0, 12)} of ${terminalText(op)}: ${missing.map(({ kind, hash }) => `${terminalText(kind)} ${hash.slice(0, 12)}`).join(', ')}`);
  if (broken.length > mostListed) lines.push(`… and ${broken.length - mostListed} more`);
  lines.push(`${terminalText(place)}: ${count(artifacts, 'artifact')} (${byteSize(bytes)}), ${count(damaged.length, 'damaged one')}; ${count(results, 'result')}, ${count(broken.length, 'broken one')}${repaired && damaged.length + broken.length > 0 ? '; removed, to be made anew' : ''}`);
  return lines;
}

function faultOf({ place, damaged, broken }: StoreVerdict): SnvgError | undefined {
  const remedy = 'Remove them with snvg store verify --repair: they are made anew when they are needed. A disk that does this again should be replaced.';
  if (damaged.length > 0) return new SnvgError('ARTIFACT_DAMAGED', `${count(damaged.length, 'artifact')} in ${place} ${damaged.length === 1 ? 'is' : 'are'} not what was put there`, remedy);
  if (broken.length > 0) return new SnvgError('ARTIFACT_MISSING', `${count(broken.length, 'result')} in ${place} ${broken.length === 1 ? 'names' : 'name'} artifacts that are not there`, 'Remove such results with snvg store verify --repair: their tasks are done again when they are needed.');
  return undefined;
}

/** One line on a terminal that is written over; nothing elsewhere. */
function progressLine(context: CommandContext): { show(text: string): void; end(): void } {
  let shownMs = -Infinity;
  const live = context.stderr.isTTY === true && !context.loaded.settings.json;
  return {
    show: (text) => {
      if (!live || performance.now() - shownMs < progressMs) return;
      shownMs = performance.now();
      context.stderr.write(`\r\u001B[K${text}`);
    },
    end: () => {
      if (live && shownMs > -Infinity) context.stderr.write('\r\u001B[K');
    },
  };
}
