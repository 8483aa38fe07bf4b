import type { IssuedTokens } from './token-desk.js';

/** One request as a stand-in platform sees it. Header names in lower case. */
export interface StandInRequest {
  method: string;
  /** With the real host, whatever address the request came by. */
  url: URL;
  headers: Readonly<Record<string, string>>;
  /** Read at most once; a body that is cut short throws. */
  body(): AsyncIterable<Uint8Array>;
}

export interface StandInAnswer {
  status: number;
  headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  body?: string | object;
}

/** A post as people would see it at the platform. */
export interface StandInPost {
  id: string;
  account: string;
  url: string;
  text: string;
  /** sha256 of the film's bytes. */
  videoSha256: string;
  visibility: 'public' | 'unlisted' | 'private' | 'scheduled' | 'draft';
  publishAtMs: number | null;
  createdMs: number;
}

/**
 * A platform's documented protocol, strictly: unknown fields, wrong order, wrong sizes, missing scopes get the platform's own error
 * body. It keeps everything in memory.
 */
export interface StandIn {
  readonly id: string;
  /** Real host names it answers for; `*`: every one that no other stand-in answers for. */
  readonly hosts: readonly string[];
  handle(request: StandInRequest): Promise<StandInAnswer>;
  /** The error body the real platform sends with 400 (the request will never be taken as it is), 401, 403, 409, 429 or a 5xx, for injected faults. 429 carries its own retry header. */
  refusal(status: number): StandInAnswer;
  /** Everything it holds, oldest first. */
  posts(): StandInPost[];
  /** Logs an account in, as its person would in the browser. Absent where no login is needed. */
  issue?(account: { id: string; name: string }, scopes: readonly string[]): IssuedTokens;
}

/** What stand-ins are built with, so that time can be a test's own. */
export interface StandInOptions {
  nowMs(): number;
}

/** The stand-in that answers for a host. */
export function standInFor(standIns: readonly StandIn[], host: string): StandIn | undefined {
  return standIns.find(({ hosts }) => hosts.includes(host)) ?? standIns.find(({ hosts }) => hosts.includes('*'));
}
