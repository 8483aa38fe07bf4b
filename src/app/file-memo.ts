import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder, writeFileAtomically } from '../artifacts/atomic-file.js';

/** Small facts remembered in one file, for machines without a job database. A file that cannot be read is as good as none. */
export class FileMemo {
  readonly #path: string;
  readonly #facts: Map<string, string>;
  #changed = false;

  constructor(path: string) {
    this.#path = path;
    this.#facts = new Map(factsIn(path));
  }

  get(key: string): string | undefined {
    return this.#facts.get(key);
  }

  set(key: string, value: string): void {
    this.#facts.set(key, value);
    this.#changed = true;
  }

  /** Writes down what was learnt. @throws {SnvgError} DISK_FULL, OUTPUT_UNWRITABLE */
  async save(): Promise<void> {
    if (!this.#changed) return;
    await makeFolder(dirname(this.#path));
    await writeFileAtomically(this.#path, JSON.stringify(Object.fromEntries(this.#facts)));
    this.#changed = false;
  }
}

function factsIn(path: string): [string, string][] {
  try {
    return Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  } catch {
    return [];
  }
}
