import { PlatformFault } from '../faults.js';
import { retryAfterMs } from '../retry-after.js';

/** The error object of the Graph API, as "Handling Errors" of Meta's documentation describes it. */
export interface GraphError {
  message: string;
  code: number;
  subcode: number | undefined;
  isTransient: boolean;
  /** What Meta has for the person to read. */
  userMessage: string | undefined;
}

/**
 * What an error asks for. `again`: the same request later. `anew`: another container. `gone`: the object is not there, or not to be seen.
 * `limited`: too many calls. `quota`: too many posts. `login`: a person must see to the account. `refused`: never as it is.
 */
export type GraphMeaning = 'again' | 'anew' | 'gone' | 'limited' | 'quota' | 'login' | 'refused';

interface Known {
  meaning: GraphMeaning;
  remedy: string;
}

const logIn = 'Log in again: snvg auth login instagram';
const later = 'Nothing to do: it is tried again.';
const renderAgain = 'Render the clip again (snvg process), or publish another format.';

/** "Error Codes" of the Instagram Platform reference, by subcode, checked 2026-11-25. */
const bySubcode: Readonly<Record<number, Known>> = {
  2207001: { meaning: 'again', remedy: later },
  2207003: { meaning: 'again', remedy: later },
  2207032: { meaning: 'again', remedy: later },
  2207008: { meaning: 'again', remedy: later },
  2207027: { meaning: 'again', remedy: later },
  2207020: { meaning: 'anew', remedy: later },
  2207053: { meaning: 'anew', remedy: later },
  2207006: { meaning: 'gone', remedy: 'Check that the login still covers this account: snvg auth status' },
  2207042: { meaning: 'quota', remedy: 'Wait until tomorrow: Instagram takes a limited number of posts from programs in 24 hours.' },
  2207050: { meaning: 'login', remedy: 'Open the Instagram app with this account and do what it asks for; then publish again.' },
  2207051: { meaning: 'refused', remedy: 'Instagram takes this for spam. Wait, post by hand from the app, and if it was no spam say so there; then publish again.' },
  2207057: { meaning: 'refused', remedy: 'Set instagram.thumbOffsetMs to a time inside the clip, or leave it out.' },
  2207010: { meaning: 'refused', remedy: 'Shorten the text: snvg review.' },
  2207026: { meaning: 'refused', remedy: renderAgain },
  2207023: { meaning: 'refused', remedy: renderAgain },
};

/** "Handling Errors" and "Rate Limits" of the Graph API, by code, checked 2026-11-25. */
function byCode(error: GraphError): Known {
  const { code, subcode } = error;
  if (code === 190 || code === 102 || (code === 2500 && subcode === undefined)) return { meaning: 'login', remedy: logIn };
  if (code === 10 || code === 3 || (code >= 200 && code <= 299)) return { meaning: 'login', remedy: `${logIn}, and allow everything it asks for; the person must be allowed to create content on the Facebook Page.` };
  if (code === 25) return { meaning: 'login', remedy: 'Open the Instagram app with this account and do what it asks for; then publish again.' };
  if ([4, 17, 32, 341, 613].includes(code) || (code >= 80000 && code <= 80099)) return { meaning: 'limited', remedy: 'Nothing to do: it is tried again when Meta allows more calls.' };
  if (code === 9) return { meaning: 'quota', remedy: 'Wait until tomorrow: Instagram takes a limited number of posts from programs in 24 hours.' };
  if (code === 368) return { meaning: 'refused', remedy: 'Meta has blocked this account for a while; look into the Instagram app, and publish again later.' };
  if (code === 24 || (code === 100 && subcode === 33)) return { meaning: 'gone', remedy: 'Check that the login still covers this account: snvg auth status' };
  if (code === 1 || code === 2 || code < 0 || code === 9007 || error.isTransient) return { meaning: 'again', remedy: later };
  return { meaning: 'refused', remedy: 'If it should be accepted, run again with --log-level debug and report the output.' };
}

/** Meta asks for another attempt at publishing within 30 seconds to 2 minutes, and about a container at most once a minute. */
const shortPauseMs = 60_000;
/** Platform limits count the calls of the last hour. */
const limitedPauseMs = 10 * 60_000;
const dayMs = 24 * 60 * 60 * 1000;

/** An answer with which the Graph API refused, understood. */
export class GraphRefusal {
  readonly error: GraphError;
  readonly meaning: GraphMeaning;
  readonly remedy: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(error: GraphError, headers: Readonly<Record<string, string>>) {
    this.error = error;
    this.#headers = headers;
    const known = (error.subcode === undefined ? undefined : bySubcode[error.subcode]) ?? byCode(error);
    this.meaning = known.meaning;
    this.remedy = known.remedy;
  }

  /** `9/2207042`, `190`. */
  get code(): string {
    return this.error.subcode === undefined ? String(this.error.code) : `${this.error.code}/${this.error.subcode}`;
  }

  get message(): string {
    return `Instagram answered ${this.code}: ${this.error.userMessage ?? this.error.message}`;
  }

  fault(nowMs: number): PlatformFault {
    const told = { code: this.code, message: this.message, remedy: this.remedy };
    switch (this.meaning) {
      case 'login':
        return new PlatformFault('auth', told);
      case 'refused':
        return new PlatformFault('refused', told);
      case 'quota':
        return new PlatformFault('quota', { ...told, retryAtMs: nowMs + dayMs });
      case 'limited':
        return new PlatformFault('retry', { ...told, retryAtMs: retryAfterMs(this.#headers, nowMs) ?? regainedMs(this.#headers, nowMs) ?? nowMs + limitedPauseMs });
      case 'again':
      case 'anew':
      case 'gone': {
        const retryAtMs = retryAfterMs(this.#headers, nowMs) ?? (this.error.subcode === 2207008 || this.error.subcode === 2207027 ? nowMs + shortPauseMs : undefined);
        return new PlatformFault('retry', retryAtMs === undefined ? told : { ...told, retryAtMs });
      }
    }
  }
}

/** `{"error": {…}}`. Undefined: it is not the Graph API that speaks. */
export function readGraphError(body: unknown): GraphError | undefined {
  const error = (body as { error?: unknown } | null | undefined)?.error;
  if (typeof error !== 'object' || error === null) return undefined;
  const { message, code, error_subcode: subcode, is_transient: isTransient, error_user_msg: userMessage } = error as Record<string, unknown>;
  if (typeof code !== 'number') return undefined;
  return {
    message: typeof message === 'string' ? message : 'no message',
    code,
    subcode: typeof subcode === 'number' ? subcode : undefined,
    isTransient: isTransient === true,
    userMessage: typeof userMessage === 'string' && userMessage !== '' ? userMessage : undefined,
  };
}

/**
 * When calls are allowed again, by the usage headers: `x-business-use-case-usage` lists, by business, limits with
 * `estimated_time_to_regain_access` in minutes.
 */
function regainedMs(headers: Readonly<Record<string, string>>, nowMs: number): number | undefined {
  const minutes: number[] = [];
  collectMinutes(parsed(headers['x-business-use-case-usage']), minutes);
  collectMinutes(parsed(headers['x-app-usage']), minutes);
  const longest = Math.max(0, ...minutes);
  return longest > 0 ? nowMs + longest * 60_000 : undefined;
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function collectMinutes(value: unknown, into: number[]): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    if (name === 'estimated_time_to_regain_access' && typeof inner === 'number' && inner >= 0 && inner <= 24 * 60) into.push(inner);
    else collectMinutes(inner, into);
  }
}
