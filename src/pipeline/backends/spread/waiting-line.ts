/** What stands in a line: larger priorities first, and of equal ones who came first. */
interface Standing {
  readonly priority: number;
  readonly turn: number;
}

/** A line in order, kept so with little work. */
export class WaitingLine<T extends Standing> {
  readonly #items: T[] = [];

  get items(): readonly T[] {
    return this.#items;
  }

  add(item: T): void {
    this.#items.splice(this.#placeOf(item), 0, item);
  }

  remove(item: T): void {
    const index = this.#placeOf(item);
    if (this.#items[index] === item) this.#items.splice(index, 1);
  }

  /** The first index whose item does not come before it. */
  #placeOf(item: T): number {
    let from = 0;
    let to = this.#items.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (comesBefore(this.#items[middle] as T, item)) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

function comesBefore(a: Standing, b: Standing): boolean {
  return a.priority === b.priority ? a.turn < b.turn : a.priority > b.priority;
}
