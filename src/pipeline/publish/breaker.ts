import { LostReply } from '../../publishers/faults.js';
import type { HttpAnswer, HttpRequest, HttpTransport } from '../../publishers/http.js';

/** The host has failed again and again: the request was not sent. */
export class HostPaused extends LostReply {
  readonly untilMs: number;

  constructor(host: string, untilMs: number) {
    super(`${host} has failed again and again and is left alone for a while`, { unreached: true });
    this.untilMs = untilMs;
  }
}

interface HostHealth {
  failures: number;
  /** Undefined: requests go through. */
  pausedUntilMs: number | undefined;
  pauseMs: number;
  probing: boolean;
}

/** Lost replies or server errors in a row after which a host is left alone. */
const threshold = 5;
const firstPauseMs = 30_000;
const longestPauseMs = 300_000;
/** While the one request that tries a paused host again is under way. */
const probeWaitMs = 1000;

/**
 * Circuit breaker, one for all accounts of a run: after some failures in a row nothing is sent to a host for a while, then one request tries;
 * it opens the way again, or doubles the pause.
 */
export class HostBreaker {
  readonly #hosts = new Map<string, HostHealth>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  guard(http: HttpTransport): HttpTransport {
    return { send: (request) => this.#send(http, request) };
  }

  async #send(http: HttpTransport, request: HttpRequest): Promise<HttpAnswer> {
    const { host } = new URL(request.url);
    const health = this.#health(host);
    this.#admit(host, health);
    let failed = true;
    try {
      const answer = await http.send(request);
      failed = answer.status >= 500;
      return answer;
    } catch (error) {
      // A request that we gave up ourselves says nothing about the host.
      failed = !request.signal.aborted && error instanceof LostReply;
      throw error;
    } finally {
      this.#note(health, failed);
    }
  }

  #health(host: string): HostHealth {
    const known = this.#hosts.get(host);
    if (known) return known;
    const health: HostHealth = { failures: 0, pausedUntilMs: undefined, pauseMs: firstPauseMs, probing: false };
    this.#hosts.set(host, health);
    return health;
  }

  #admit(host: string, health: HostHealth): void {
    if (health.pausedUntilMs === undefined) return;
    const now = this.#nowMs();
    // A clock that was set back must not make the pause longer than any pause is.
    const until = Math.min(health.pausedUntilMs, now + longestPauseMs);
    if (now < until) throw new HostPaused(host, until);
    if (health.probing) throw new HostPaused(host, now + probeWaitMs);
    health.probing = true;
  }

  #note(health: HostHealth, failed: boolean): void {
    health.probing = false;
    if (!failed) {
      health.failures = 0;
      health.pausedUntilMs = undefined;
      health.pauseMs = firstPauseMs;
      return;
    }
    health.failures += 1;
    if (health.failures < threshold) return;
    if (health.failures > threshold) health.pauseMs = Math.min(longestPauseMs, health.pauseMs * 2);
    health.pausedUntilMs = this.#nowMs() + health.pauseMs;
  }
}
