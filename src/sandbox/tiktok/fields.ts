import { Refused } from './answers.js';

/** A JSON object of a request, whose fields have to be taken one by one: what is left over is unknown to TikTok. */
export class Fields {
  readonly #left: Map<string, unknown>;
  readonly #path: string;

  constructor(value: unknown, path: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Refused('invalid_param', `${path} must be an object`);
    this.#left = new Map(Object.entries(value));
    this.#path = path;
  }

  has(name: string): boolean {
    return this.#left.has(name);
  }

  object(name: string): Fields {
    return new Fields(this.#take(name), `${this.#path}.${name}`);
  }

  string(name: string): string {
    const value = this.#take(name);
    if (typeof value !== 'string' || value === '') throw new Refused('invalid_param', `${this.#path}.${name} must be a string`);
    return value;
  }

  /** Empty when it is absent. */
  text(name: string): string {
    if (!this.has(name)) return '';
    const value = this.#take(name);
    if (typeof value !== 'string') throw new Refused('invalid_param', `${this.#path}.${name} must be a string`);
    return value;
  }

  /** A whole number from `least`. */
  count(name: string, least: number): number {
    const value = this.#take(name);
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least) throw new Refused('invalid_param', `${this.#path}.${name} must be an integer of at least ${least}`);
    return value;
  }

  /** False when it is absent. */
  flag(name: string): boolean {
    if (!this.has(name)) return false;
    const value = this.#take(name);
    if (typeof value !== 'boolean') throw new Refused('invalid_param', `${this.#path}.${name} must be true or false`);
    return value;
  }

  done(): void {
    const [unknown] = this.#left.keys();
    if (unknown !== undefined) throw new Refused('invalid_param', `${this.#path}.${unknown} is not a field`);
  }

  #take(name: string): unknown {
    if (!this.#left.has(name)) throw new Refused('invalid_param', `${this.#path}.${name} is required`);
    const value = this.#left.get(name);
    this.#left.delete(name);
    return value;
  }
}
