import { styleText } from 'node:util';
import { ExitCode, reportError } from '../errors.js';
import { byteSize, count } from '../ui/format.js';
import { aligned, terminalText } from '../ui/terminal-text.js';

/** What doctor asks about this machine; the composition root answers. Each may throw an SnvgError, which becomes the finding. */
export interface DoctorChecks {
  versions(): { snvg: string; node: string; nodeNeeded: string; nodeIsEnough: boolean; platform: string };
  /** The ffmpeg and ffprobe that would be used, and which needed capabilities they have. */
  ffmpeg(): Promise<{
    path: string;
    version: string;
    libavutil: string;
    probePath: string;
    present: string[];
    missing: string[];
    optionalMissing: string[];
    /** How a full ffmpeg is installed on this system. */
    installHint: string;
  }>;
  fonts(): Promise<{ covered: { font: string; scripts: string[] }[]; uncovered: string[] }>;
  /** Free bytes where snvg writes. Below `neededBytes` a run fails, below `wantedBytes` it may. */
  disk(): Promise<{ what: string; path: string; freeBytes: number; wantedBytes: number; neededBytes: number }[]>;
  models(): Promise<{ id: string; purpose: string; sizeBytes: number; fault: { message: string; remedy: string } | undefined }[]>;
  runtime(): Promise<{ kind: 'native' | 'wasm'; name: string; nativeFailure?: string }>;
  /** What fetches the films of pages, and may be absent: `found` undefined. */
  ytDlp(): Promise<{ command: string; found: { version: string } | undefined }>;
  /** Machines that were added with snvg hosts, and the ssh they are reached by: undefined when it is not installed. */
  hosts(): Promise<{ names: readonly string[]; ssh: string | undefined }>;
  /** `jobs` is null when there is no database yet. */
  database(): Promise<{ path: string; jobs: number | null }>;
}

interface Finding {
  /** Stable: `ffmpeg`, `fonts`, `model:whisper-base`. */
  id: string;
  status: 'ok' | 'warn' | 'fail';
  detail: string;
  /** What to do; present unless all is well. */
  remedy?: string;
}

interface Output {
  write(text: string): unknown;
}

/**
 * `snvg doctor`: whether this machine can make clips, one line per check and a second with what to do.
 * Returns 4 when something a run requires is missing, else 0.
 */
export async function runDoctor(deps: { checks: DoctorChecks; stdout: Output }, flags: { json: boolean; color: boolean }): Promise<number> {
  const { checks, stdout } = deps;
  const versions = checks.versions();
  const findings = (
    await Promise.all([
      [judgeNode(versions)],
      judged('ffmpeg', async () => judgeFfmpeg(await checks.ffmpeg())),
      judged('fonts', async () => [judgeFonts(await checks.fonts())]),
      judged('disk', async () => (await checks.disk()).map(judgeDisk)),
      judged('models', async () => (await checks.models()).map(judgeModel)),
      judged('inference', async () => [judgeRuntime(await checks.runtime())]),
      judged('yt-dlp', async () => [judgeYtDlp(await checks.ytDlp())]),
      judged('ssh', async () => judgeHosts(await checks.hosts())),
      judged('database', async () => [judgeDatabase(await checks.database())]),
    ])
  ).flat();
  const failed = findings.filter((finding) => finding.status === 'fail').length;
  const warned = findings.filter((finding) => finding.status === 'warn').length;
  if (flags.json) {
    stdout.write(`${JSON.stringify({ ok: failed === 0, snvg: versions.snvg, platform: versions.platform, checks: findings }, null, 2)}\n`);
  } else {
    stdout.write(`snvg ${versions.snvg} on ${versions.platform}\n`);
    for (const line of findingLines(findings, flags.color)) stdout.write(`${line}\n`);
    stdout.write(`${failed > 0 ? `${count(failed, 'problem')} to solve` : warned > 0 ? `ready, with ${count(warned, 'warning')}` : 'ready'}\n`);
  }
  return failed > 0 ? ExitCode.missingDependency : ExitCode.ok;
}

/** A check that throws is a finding like any other: its message and remedy are what to show. */
async function judged(id: string, check: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await check();
  } catch (error) {
    const { code, message, remedy } = reportError(error);
    return [{ id, status: 'fail', detail: `${code}: ${message}`, remedy }];
  }
}

function judgeNode({ node, nodeNeeded, nodeIsEnough }: ReturnType<DoctorChecks['versions']>): Finding {
  if (nodeIsEnough) return { id: 'node', status: 'ok', detail: node };
  return { id: 'node', status: 'fail', detail: `${node}; snvg needs ${nodeNeeded}`, remedy: 'Install a newer Node.js from nodejs.org or your system.' };
}

function judgeFfmpeg({ path, version, libavutil, probePath, present, missing, optionalMissing, installHint }: Awaited<ReturnType<DoctorChecks['ffmpeg']>>): Finding[] {
  const found: Finding = { id: 'ffmpeg', status: 'ok', detail: `${version}, libavutil ${libavutil} (${path}, ${probePath})` };
  const remedy = `Install a full build (${installHint}), or name one with --ffmpeg.`;
  if (missing.length === 0 && optionalMissing.length === 0) return [found, { id: 'capabilities', status: 'ok', detail: present.join(', ') }];
  if (missing.length === 0) return [found, { id: 'capabilities', status: 'warn', detail: `${present.join(', ')}; without ${optionalMissing.join(', ')} sources that need it (lut3d: HDR, bwdif: interlaced, premultiply: transparent) cannot be rendered`, remedy }];
  return [found, { id: 'capabilities', status: 'fail', detail: `this ffmpeg was built without ${missing.join(', ')}`, remedy }];
}

function judgeFonts({ covered, uncovered }: Awaited<ReturnType<DoctorChecks['fonts']>>): Finding {
  if (covered.length === 0) {
    return { id: 'fonts', status: 'fail', detail: 'no caption font was found', remedy: 'Reinstall snvg to get its fonts again.' };
  }
  const byFont = covered.map(({ font, scripts }) => `${scripts.join(', ')} (${font})`);
  const without = uncovered.length === 0 ? '' : `; captions in ${uncovered.join(', ')} would lack glyphs`;
  return { id: 'fonts', status: 'ok', detail: byFont.join('; ') + without };
}

function judgeDisk({ what, path, freeBytes, wantedBytes, neededBytes }: Awaited<ReturnType<DoctorChecks['disk']>>[number]): Finding {
  const detail = `${what}: ${byteSize(freeBytes)} free at ${path}`;
  if (freeBytes >= wantedBytes) return { id: 'disk', status: 'ok', detail };
  return { id: 'disk', status: freeBytes < neededBytes ? 'fail' : 'warn', detail, remedy: `Free some space: ${byteSize(wantedBytes)} are enough for most sources.` };
}

function judgeModel({ id, purpose, sizeBytes, fault }: Awaited<ReturnType<DoctorChecks['models']>>[number]): Finding {
  if (fault) return { id: `model:${id}`, status: 'fail', detail: fault.message, remedy: fault.remedy };
  return { id: `model:${id}`, status: 'ok', detail: `${purpose}, ${byteSize(sizeBytes)}, as shipped` };
}

function judgeRuntime({ kind, name, nativeFailure }: Awaited<ReturnType<DoctorChecks['runtime']>>): Finding {
  if (kind === 'native') return { id: 'inference', status: 'ok', detail: `${name} (native)` };
  return {
    id: 'inference',
    status: 'warn',
    detail: `${name} (WebAssembly, several times slower)${nativeFailure === undefined ? '' : `: ${nativeFailure}`}`,
    remedy: 'For native speed install onnxruntime-node for this platform (npm rebuild onnxruntime-node).',
  };
}

/** Nothing fails without it: only addresses of pages need it. */
function judgeYtDlp({ command, found }: Awaited<ReturnType<DoctorChecks['ytDlp']>>): Finding {
  if (!found) return { id: 'yt-dlp', status: 'ok', detail: `${command} is not installed; only films on web pages need it (apt, brew or pip install yt-dlp)` };
  return { id: 'yt-dlp', status: 'ok', detail: `${found.version} (${command}); sites change often, so a new one finds more` };
}

/** Said only where hosts were added: nothing else needs it. */
function judgeHosts({ names, ssh }: Awaited<ReturnType<DoctorChecks['hosts']>>): Finding[] {
  if (names.length === 0) return [];
  if (ssh !== undefined) return [{ id: 'ssh', status: 'ok', detail: `${ssh}, for ${count(names.length, 'host')} (${names.join(', ')}); snvg hosts test looks after them` }];
  return [{ id: 'ssh', status: 'warn', detail: `ssh is not installed, by which ${names.join(', ')} would be reached`, remedy: 'Install the OpenSSH client (Debian: sudo apt-get install openssh-client).' }];
}

function judgeDatabase({ path, jobs }: Awaited<ReturnType<DoctorChecks['database']>>): Finding {
  return { id: 'database', status: 'ok', detail: jobs === null ? `none yet; the first run makes ${path}` : `${count(jobs, 'job')}, sound (${path})` };
}

const paints = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

function findingLines(findings: readonly Finding[], color: boolean): string[] {
  // Padded before it is coloured: escape sequences have no width.
  const rows = aligned(findings.map(({ id, status, detail }) => [status === 'fail' ? 'FAIL' : status, id, terminalText(detail)]));
  return findings.flatMap(({ status, remedy }, index) => {
    const row = rows[index] ?? '';
    const first = color ? styleText(paints[status], row.slice(0, 4), { validateStream: false }) + row.slice(4) : row;
    return remedy === undefined ? [first] : [first, `      → ${terminalText(remedy)}`];
  });
}
