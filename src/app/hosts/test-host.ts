import { join } from 'node:path';
import { type ErrorReport, reportError, SnvgError } from '../../errors.js';
import type { TaskResult } from '../../artifacts/task-results.js';
import { IncomingArtifacts } from '../../pipeline/backends/wire/incoming.js';
import { LocalSupply } from '../../pipeline/backends/wire/local-supply.js';
import { openLink } from '../../pipeline/backends/wire/open-link.js';
import type { Welcome } from '../../pipeline/backends/wire/worker-link.js';
import { PlaceFault } from '../../pipeline/backends/place.js';
import type { SshConnection } from '../../pipeline/backends/ssh/ssh-connection.js';
import { SshPlace } from '../../pipeline/backends/ssh/ssh-place.js';
import type { WorkOrder } from '../../pipeline/work-order.js';
import type { App } from '../app.js';
import { openApp } from '../app.js';
import type { DeskRequest } from './hosts-desk.js';
import type { HostReport } from './host-report.js';
import type { KnownHost } from './known-hosts.js';
import { ffmpegHint, type HostLook, lookAtHost } from './look-at-host.js';
import { measureNetwork } from './measure-host.js';
import { makeSampleTask, sampleHere, sampleText } from './sample-task.js';

const speechTools = /^model:(?:whisper|silero)/;

/** Has hosts do one small task, and compares what they make with what this machine makes of it. */
export class HostTester {
  readonly #app: App;
  readonly #request: DeskRequest;
  #sample: Promise<{ order: WorkOrder; here: TaskResult }> | undefined;

  private constructor(app: App, request: DeskRequest) {
    this.#app = app;
    this.#request = request;
  }

  /** @throws {SnvgError} FFMPEG_*, MODEL_*: this machine itself cannot work */
  static async open(request: DeskRequest): Promise<HostTester> {
    const app = await openApp({ settings: { ...request.settings, backend: 'local' }, paths: request.paths, signal: request.signal });
    return new HostTester(app, request);
  }

  close(): Promise<void> {
    return this.#app.close();
  }

  async test(host: KnownHost, connection: SshConnection, look?: HostLook): Promise<HostReport> {
    const report: HostReport = { name: host.name, destination: host.destination, state: 'unusable', error: null, machine: null, work: { speech: false, faces: false, clips: false }, missing: [], measured: null, sample: null };
    try {
      await this.#look(host, connection, report, look);
    } catch (error) {
      this.#request.signal.throwIfAborted();
      report.state = 'unusable';
      report.error = reportOf(error);
    }
    return report;
  }

  async #look(host: KnownHost, connection: SshConnection, report: HostReport, look: HostLook | undefined): Promise<void> {
    const { signal, version, paths } = this.#request;
    const seen = look ?? (await lookAtHost(connection, signal));
    const network = await measureNetwork(connection, signal);
    const { store, log } = this.#app;
    const { identities } = await this.#app.toolchain();
    const place = new SshPlace({
      name: host.name,
      connection,
      program: host.program ?? undefined,
      cores: host.cores ?? undefined,
      identities,
      greet: (streams, greetSignal) => openLink(streams, { name: host.name, version, store, incoming: new IncomingArtifacts(join(paths.cacheDir, 'incoming'), store), supply: new LocalSupply(store), log, signal: greetSignal }),
    });
    try {
      await place.connect(signal);
      const { welcome } = place;
      if (!welcome) throw new PlaceFault('network', `The connection with ${host.name} broke off`, 'Run again.');
      report.machine = { hostname: welcome.hostname, platform: welcome.platform, arch: welcome.arch, cpuModel: welcome.cpuModel, cores: welcome.cores, memoryBytes: welcome.memoryBytes, freeDiskBytes: welcome.freeDiskBytes, node: welcome.node, snvg: welcome.version };
      judge(report, welcome, identities, seen);
      if (!report.work.speech) return;
      const { order, here } = await this.#sampled();
      const result = await place.run(order, { signal, listener: () => {} });
      const identical = result.outputs['part']?.hash === here.outputs['part']?.hash;
      report.sample = { text: await sampleText(this.#app, result), wallMs: result.wallMs, hereWallMs: here.wallMs, identical };
      report.measured = { at: new Date().toISOString(), ...network, relativeTime: Math.max(0.001, result.wallMs) / Math.max(1, here.wallMs) };
    } finally {
      await place.close();
    }
  }

  /** Made once for all hosts of a test. */
  #sampled(): Promise<{ order: WorkOrder; here: TaskResult }> {
    this.#sample ??= (async () => {
      const order = await makeSampleTask(this.#app);
      return { order, here: await sampleHere(this.#app, order, this.#request.signal) };
    })();
    return this.#sample;
  }
}

/** Which work it may do: that whose tools are the same ones as here. */
function judge(report: HostReport, welcome: Welcome, identities: Readonly<Record<string, string>>, look: HostLook): void {
  const same = (tool: string): boolean => welcome.identities[tool] === identities[tool];
  const models = Object.keys(identities).filter((tool) => tool.startsWith('model:'));
  const speech = models.filter((tool) => speechTools.test(tool)).every(same);
  const ffmpeg = same('ffmpeg');
  report.work = { speech, faces: ffmpeg && models.every(same), clips: ffmpeg && same('fonts') };
  // How something is installed depends on that machine, not on this one.
  report.missing = welcome.missing.map(({ code, message, remedy }) => ({ code, message: `${report.name}: ${message}`, remedy: code.startsWith('FFMPEG') ? `Install a full build there: ${ffmpegHint(look)}; then run snvg hosts test ${report.name}` : remedy }));
  if (welcome.identities['ffmpeg'] !== undefined && !ffmpeg) report.missing.push({ code: 'FFMPEG_OTHER', message: `${report.name} has another build of ffmpeg than this machine, so clips and faces stay here: they would not be the same`, remedy: 'Install the same build on both, or use a static build here: snvg hosts install sends it along.' });
  report.state = report.work.speech && report.work.faces && report.work.clips ? 'ready' : report.work.speech || report.work.clips ? 'partly' : 'unusable';
}

function reportOf(error: unknown): ErrorReport {
  if (error instanceof PlaceFault) return reportError(new SnvgError(error.blame === 'network' ? 'REMOTE_UNAVAILABLE' : error.blame === 'capacity' ? 'HOST_LACKING' : 'REMOTE_REFUSED', error.message, error.remedy, { cause: error }));
  return reportError(error);
}
