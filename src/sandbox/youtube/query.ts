import { refuse } from './answers.js';

/** Query parameters that every method takes. */
const common = new Set(['alt', 'fields', 'key', 'prettyPrint', 'quotaUser', '$.xgafv', 'access_token', 'callback', 'oauth_token', 'upload_protocol', 'uploadType']);

/** A request's query, after a look whether the method knows all of it. */
export class Query {
  readonly #parameters: URLSearchParams;

  constructor(url: URL, known: readonly string[]) {
    this.#parameters = url.searchParams;
    for (const name of this.#parameters.keys()) {
      if (!known.includes(name) && !common.has(name)) refuse(400, 'badRequest', `Invalid JSON payload received. Unknown name "${name}": Cannot bind query parameter. Field '${name}' could not be found in request message.`);
    }
  }

  get(name: string): string | undefined {
    return this.#parameters.get(name) ?? undefined;
  }

  required(name: string): string {
    const value = this.get(name);
    return value === undefined || value === '' ? refuse(400, 'required', `Required parameter: ${name}`) : value;
  }

  /** Comma-separated, repeated, or both. */
  list(name: string): string[] {
    return this.#parameters.getAll(name).flatMap((value) => value.split(',')).map((value) => value.trim()).filter((value) => value !== '');
  }

  /** The parts of a resource that are asked for. */
  parts(known: readonly string[]): ReadonlySet<string> {
    const named = this.list('part');
    if (named.length === 0) refuse(400, 'missingRequiredParameter', "No 'part' parameter was specified.", 'youtube.parameter');
    for (const part of named) if (!known.includes(part)) refuse(400, 'unknownPart', `'${part}'`, 'youtube.part');
    return new Set(named);
  }
}
