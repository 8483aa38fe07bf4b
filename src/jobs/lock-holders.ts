import { readFileSync, statSync } from 'node:fs';

/** The byte of `-shm` that a writer in WAL mode locks (SQLite, "WAL-mode file format", section 2.3.1). */
const walWriteByte = 120;
/** The bytes a writer locks in the database itself otherwise: PENDING_BYTE and RESERVED_BYTE of SQLite's os.h. */
const rollbackBytes = [0x4000_0000, 0x4000_0001];

/** A process that writes to a database now. */
export interface LockHolder {
  pid: number;
  /** Its command line, shortened. */
  command: string;
}

/** Who holds the lock for writing to a SQLite database, as Linux tells (proc(5), /proc/locks); nobody where it does not. */
export function lockHolders(path: string): LockHolder[] {
  const wanted = new Map([...entriesOf(`${path}-shm`, [walWriteByte]), ...entriesOf(path, rollbackBytes)]);
  const pids = new Set<number>();
  for (const line of read('/proc/locks').split('\n')) {
    const [, pid, inode, from, to] = /^\d+: POSIX +ADVISORY +WRITE +(\d+) [0-9a-f]+:[0-9a-f]+:(\d+) (\d+) (\d+|EOF)$/.exec(line) ?? [];
    const bytes = inode === undefined ? undefined : wanted.get(inode);
    const last = to === 'EOF' ? Number.POSITIVE_INFINITY : Number(to);
    if (bytes?.some((byte) => Number(from) <= byte && byte <= last)) pids.add(Number(pid));
  }
  return [...pids].map((pid) => ({ pid, command: commandOf(pid) }));
}

/** The device is left out of the comparison: layered file systems show another one here than there. */
function entriesOf(path: string, bytes: readonly number[]): [string, readonly number[]][] {
  const info = statSync(path, { bigint: true, throwIfNoEntry: false });
  return info ? [[String(info.ino), bytes]] : [];
}

function commandOf(pid: number): string {
  const words = read(`/proc/${pid}/cmdline`).split('\0').filter((word) => word !== '');
  return words.length === 0 ? 'it may not be looked at' : words.join(' ').slice(0, 80);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
