import { LostReply, PlatformFault } from '../../src/publishers/faults.js';
import type { HttpTransport } from '../../src/publishers/http.js';
import type { Lookup, Publication, PublicationState, PublicationStep, PublishableClip } from '../../src/publishers/publisher.js';
import type { Credentials } from '../../src/publishers/credentials.js';
import { xPublisher } from '../../src/publishers/x/index.js';
import type { FaultScript } from '../../src/sandbox/faults.js';
import { inProcessTransport } from '../../src/sandbox/in-process.js';
import { XStandIn } from '../../src/sandbox/x/index.js';
import { freshPublication, publishContext } from './publish-context.js';

export const account = { id: '1460323737035677698', name: 'snvg_clips' };
const startMs = Date.UTC(2026, 10, 25, 12);

/** X in this process, in time that is moved by hand, and a login to it. */
export class XWorld {
  nowMs = startMs;
  readonly clock = { nowMs: (): number => this.nowMs };
  readonly x = new XStandIn(this.clock);
  credentials: Credentials;
  /** `POST /2/tweets`, in order of arrival. */
  readonly requests: string[] = [];
  script: FaultScript = () => undefined;
  readonly http: HttpTransport;
  options: Record<string, unknown> = {};

  constructor(options: { oauth1?: boolean; scopes?: readonly string[] } = {}) {
    this.x.logins.person = account;
    const tokens = options.oauth1 ? this.x.issueOAuth1(account) : this.x.issue(account, options.scopes);
    this.credentials = { accountId: account.id, accountName: account.name, scopes: [], expiresAtMs: null, ...tokens };
    this.http = inProcessTransport([this.x], (request) => {
      this.requests.push(`${request.method} ${request.url.pathname.replace(/\d{5,}/, ':id')}`);
      return this.script(request);
    });
  }

  context(clip: PublishableClip): ReturnType<typeof publishContext> {
    return publishContext({ clip, http: this.http, credentials: this.credentials, clock: this.clock, options: this.options });
  }
}

export function claimed(changes: Partial<Publication> = {}): Publication {
  return freshPublication({ platform: 'x', account: account.id, accountName: account.name, ...changes });
}

const settled: ReadonlySet<PublicationState> = new Set(['published', 'failed', 'cancelled', 'unknown']);

export interface Driven {
  publication: Publication;
  /** The fault or question it ended with. */
  fault?: PlatformFault;
  undecided?: { question: string; reason: string };
  notices: string[];
  steps: PublicationStep[];
}

/**
 * Moves a publication as the engine's rules say: every step is persisted before the next; in `committing`, whatever was not written just
 * now is looked up. `dies` says whether the process is killed before the step it has just made is persisted.
 */
export async function drive(world: XWorld, clip: PublishableClip, publication: Publication, options: { dies?: () => boolean; patience?: number; until?: (publication: Publication) => boolean } = {}): Promise<Driven> {
  const { dies = () => false, patience = 200 } = options;
  let current = publication;
  let ownCommit = false;
  const driven: Omit<Driven, 'publication'> = { notices: [], steps: [] };
  for (let turn = 0; turn < patience && !settled.has(current.state) && !options.until?.(current); turn += 1) {
    if (current.notBeforeMs !== null) world.nowMs = Math.max(world.nowMs, current.notBeforeMs);
    try {
      const context = world.context(clip);
      const asked: boolean = current.state === 'committing' && !ownCommit;
      const result: PublicationStep | Lookup = asked ? await xPublisher.lookup(current, context) : await xPublisher.advance(current, context);
      if (dies()) {
        ownCommit = false;
        continue;
      }
      const step = asStep(result, current.state);
      if ('undecided' in result) driven.undecided = result.undecided;
      if (step.notice) driven.notices.push(step.notice.message);
      driven.steps.push(step);
      current = { ...current, state: step.state, handle: step.handle === undefined ? current.handle : step.handle, url: step.url ?? current.url, notBeforeMs: step.notBeforeMs ?? null };
      ownCommit = current.state === 'committing' && !asked;
    } catch (error) {
      ownCommit = false;
      world.nowMs += 5000;
      if (error instanceof LostReply) continue;
      if (!(error instanceof PlatformFault)) throw error;
      if (error.kind === 'retry' || error.kind === 'quota') {
        world.nowMs = Math.max(world.nowMs, error.retryAtMs ?? world.nowMs + 60_000);
        continue;
      }
      return { ...driven, fault: error, publication: error.kind === 'refused' ? { ...current, state: 'failed' } : current };
    }
  }
  return { ...driven, publication: current };
}

function asStep(result: PublicationStep | Lookup, state: PublicationState): PublicationStep {
  if ('found' in result) return result.found;
  if ('absent' in result) return result.absent;
  if ('undecided' in result) return { state: 'unknown' };
  if ('later' in result) return { state, handle: result.later.handle, notBeforeMs: result.later.notBeforeMs };
  return result;
}
