import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What all ffmpeg processes that write a clip or read its source hold at once, seen by looking into /proc now and then. */
export class FfmpegWatch {
  /** Resident memory of all of them together, at most. */
  peakBytes = 0;
  /** How many times the source was open, at most. */
  mostOpen = 0;
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  look(): void {
    let bytes = 0;
    let open = 0;
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        if (readFileSync(`/proc/${pid}/comm`, 'utf8').trim() !== 'ffmpeg') continue;
        const status = readFileSync(`/proc/${pid}/status`, 'utf8');
        const parent = /^PPid:\s+(\d+)$/m.exec(status)?.[1] ?? '';
        if (parentOf(parent) !== process.pid) continue;
        bytes += Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
        for (const fd of readdirSync(`/proc/${pid}/fd`)) if (readlinkSync(`/proc/${pid}/fd/${fd}`) === this.#source) open += 1;
      } catch {
        // The process has ended meanwhile.
      }
    }
    this.peakBytes = Math.max(this.peakBytes, bytes);
    this.mostOpen = Math.max(this.mostOpen, open);
  }
}

function parentOf(pid: string): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
