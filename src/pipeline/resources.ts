interface Closable {
  close(): Promise<void>;
}

/** Things that outlive a task and serve several, such as a loaded recogniser. Closed in reverse order of creation. */
export class Resources {
  readonly #entries = new Map<string, Promise<Closable>>();

  /** One creation per key, however many ask at once; a failed creation is forgotten so that a later task may try again. */
  get<T extends Closable>(key: string, create: () => Promise<T>): Promise<T> {
    const existing = this.#entries.get(key);
    // The key names the type: whoever asks under it gets what was created under it.
    if (existing) return existing as Promise<T>;
    const created = create();
    this.#entries.set(key, created);
    created.catch(() => this.#entries.delete(key));
    return created;
  }

  async close(): Promise<void> {
    const entries = [...this.#entries.values()].toReversed();
    this.#entries.clear();
    for (const entry of entries) {
      const resource = await entry.catch(() => undefined);
      await resource?.close();
    }
  }
}
