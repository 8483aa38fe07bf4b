import type { HostReport } from '../app/hosts/host-report.js';
import { HostsDesk, type HostOutcome } from '../app/hosts/hosts-desk.js';
import { KnownHosts } from '../app/hosts/known-hosts.js';
import { ExitCode, reportError, SnvgError } from '../errors.js';
import { byteSize, span } from '../ui/format.js';
import { aligned, terminalText } from '../ui/terminal-text.js';
import type { CommandContext } from './context.js';

export interface AddFlags {
  name?: string;
  slots?: string;
}

/** `snvg hosts add [user@]host[:port]`: installs what is needed there, and shows a first result; exit 4 with what is missing. */
export function runHostsAdd(context: CommandContext, destination: string, flags: AddFlags): Promise<number> {
  return withDesk(context, async (desk) => {
    const cores = flags.slots === undefined ? undefined : Number(flags.slots);
    if (cores !== undefined && !(Number.isInteger(cores) && cores >= 1 && cores <= 1024)) throw new SnvgError('USAGE', `--slots is ${JSON.stringify(flags.slots)}, which is no number of cores`, 'Give a whole number from 1 to 1024.');
    const report = await desk.add(destination, { ...(flags.name === undefined ? {} : { name: flags.name }), ...(cores === undefined ? {} : { cores }) });
    showReports(context, [report]);
    if (!context.loaded.settings.json && report.state !== 'unusable') context.stdout.write(`added; use it with: snvg process video.mp4 --backend ssh\n`);
    return exitCodeOf([report]);
  });
}

/** `snvg hosts list` */
export async function runHostsList({ paths, loaded, stdout }: CommandContext): Promise<number> {
  const hosts = await new KnownHosts(paths).all();
  if (loaded.settings.json) {
    stdout.write(`${JSON.stringify({ hosts })}\n`);
    return ExitCode.ok;
  }
  if (hosts.length === 0) {
    stdout.write('No hosts yet: snvg hosts add user@host\n');
    return ExitCode.ok;
  }
  const rows = hosts.map(({ name, destination, cores, program, measured }) => [
    name,
    destination,
    cores === null ? 'all' : String(cores),
    program === null ? 'its own' : program.slice(0, program.lastIndexOf('-')),
    measured === null ? '–' : `${Math.round(measured.latencyMs)} ms`,
    measured === null ? '–' : `${byteSize(measured.bytesPerSecond)}/s`,
    measured === null ? '–' : speedText(measured.relativeTime),
    measured === null ? 'never' : measured.at.slice(0, 10),
  ]);
  for (const line of aligned([['host', 'address', 'cores', 'snvg', 'latency', 'network', 'speed', 'tested'], ...rows].map((row) => row.map(terminalText)))) stdout.write(`${line.trimEnd()}\n`);
  return ExitCode.ok;
}

/** `snvg hosts remove <host>` */
export function runHostsRemove(context: CommandContext, name: string, flags: { uninstall: boolean }): Promise<number> {
  return withDesk(context, async (desk) => {
    const host = await desk.remove(name, flags);
    if (context.loaded.settings.json) context.stdout.write(`${JSON.stringify({ removed: host.name })}\n`);
    else context.stdout.write(`${host.name} is no longer used${flags.uninstall ? '; what snvg had put there is gone' : ''}\n`);
    return ExitCode.ok;
  });
}

/** `snvg hosts test [host…]` */
export function runHostsTest(context: CommandContext, names: readonly string[]): Promise<number> {
  return withDesk(context, async (desk) => {
    const reports = await desk.test(names);
    showReports(context, reports);
    return exitCodeOf(reports);
  });
}

/** `snvg hosts install [host…]` */
export function runHostsInstall(context: CommandContext, names: readonly string[]): Promise<number> {
  return withDesk(context, async (desk) => {
    const outcomes = await desk.install(names);
    if (context.loaded.settings.json) context.stdout.write(`${JSON.stringify({ hosts: outcomes })}\n`);
    else for (const outcome of outcomes) context.stdout.write(installLine(outcome));
    return Math.max(0, ...outcomes.map(({ error }) => error?.exitCode ?? 0));
  });
}

async function withDesk(context: CommandContext, body: (desk: HostsDesk) => Promise<number>): Promise<number> {
  const { loaded, paths, version, signal, stderr } = context;
  const desk = await HostsDesk.open({ settings: loaded.settings, paths, version, signal, say: (line) => stderr.write(`${terminalText(line)}\n`) });
  try {
    return await body(desk);
  } finally {
    await desk.close();
  }
}

function installLine({ name, error, installed }: HostOutcome): string {
  if (error) return `${terminalText(name)}: ${terminalText(error.message)}\n→ ${terminalText(error.remedy)}\n`;
  if (!installed?.changed) return `${terminalText(name)}: this version is there already\n`;
  return `${terminalText(name)}: installed, ${byteSize(installed.sentBytes)} sent in ${span(installed.wallMs)}\n`;
}

function showReports({ loaded, stdout }: CommandContext, reports: readonly HostReport[]): void {
  if (loaded.settings.json) {
    stdout.write(`${JSON.stringify({ hosts: reports })}\n`);
    return;
  }
  if (reports.length === 0) stdout.write('No hosts yet: snvg hosts add user@host\n');
  for (const report of reports) for (const line of reportLines(report)) stdout.write(`${terminalText(line)}\n`);
}

function reportLines({ name, destination, state, error, machine, work, missing, measured, sample }: HostReport): string[] {
  const title = name === destination ? name : `${name} (${destination})`;
  if (error) return [`${title}: cannot be used: ${error.message}`, `→ ${error.remedy}`];
  const lines = [`${title}: ${state === 'ready' ? 'ready' : state === 'partly' ? 'ready for some of the work' : 'cannot be used'}`];
  if (machine) {
    lines.push(`  ${machine.hostname}, ${machine.platform} ${machine.arch}, ${machine.cores} cores (${machine.cpuModel}), ${byteSize(machine.memoryBytes)} memory, ${byteSize(machine.freeDiskBytes)} free, Node ${machine.node}, snvg ${machine.snvg}`);
    lines.push(`  hears speech: ${yes(work.speech)}, finds faces: ${yes(work.faces)}, makes clips: ${yes(work.clips)}`);
  }
  if (measured) lines.push(`  latency ${measured.latencyMs.toFixed(1)} ms, network ${byteSize(measured.bytesPerSecond)}/s`);
  if (sample) lines.push(`  heard “${sample.text}” in ${span(sample.wallMs)}, this machine in ${span(sample.hereWallMs)}; ${sample.identical ? 'the results are identical' : 'THE RESULTS DIFFER'}`);
  for (const { message, remedy } of missing) lines.push(`  ${message}`, `  → ${remedy}`);
  return lines;
}

function yes(value: boolean): string {
  return value ? 'yes' : 'no';
}

function speedText(relativeTime: number): string {
  return `${(1 / relativeTime).toFixed(1)} ×`;
}

/** As of the worst host: unreachable ones 5, refusing ones 6, lacking ones 4; one that does some of the work is no failure. */
function exitCodeOf(reports: readonly HostReport[]): number {
  return Math.max(0, ...reports.map(({ state, error }) => (error ? reportError(error).exitCode && error.exitCode : state === 'unusable' ? ExitCode.missingDependency : ExitCode.ok)));
}
