import type { ErrorReport } from '../../errors.js';
import type { HostMeasurement } from './known-hosts.js';

type Advice = Pick<ErrorReport, 'code' | 'message' | 'remedy'>;

/** What `snvg hosts test` finds out about a host. */
export interface HostReport {
  name: string;
  destination: string;
  /** `ready`: takes everything; `partly`: some kinds of work; `unusable`: none, see `error`. */
  state: 'ready' | 'partly' | 'unusable';
  error: ErrorReport | null;
  machine: { hostname: string; platform: string; arch: string; cpuModel: string; cores: number; memoryBytes: number; freeDiskBytes: number; node: string; snvg: string } | null;
  /** Which work its tools are fit for: equal to this machine’s, so that the results are. */
  work: { speech: boolean; faces: boolean; clips: boolean };
  /** What keeps it from the rest. */
  missing: Advice[];
  measured: HostMeasurement | null;
  /** The first result it gave: a few words it heard. */
  sample: { text: string; wallMs: number; hereWallMs: number; identical: boolean } | null;
}
