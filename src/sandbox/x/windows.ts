/** X's published limits of requests for each user in 15 minutes (August 2026). */
const perWindow = { me: 75, timeline: 900, post: 100, status: 1000, initialize: 1875, append: 1875, finalize: 1875, metadata: 500, subtitles: 100 };
/** Posts of one app in 24 hours. */
const postsPerAppAndDay = 10_000;

const windowMs = 15 * 60_000;
const dayMs = 24 * 3_600_000;

export type Endpoint = keyof typeof perWindow;

interface Window {
  endsMs: number;
  used: number;
}

/** Counts requests as X does: in windows that begin with the first request. */
export class RequestWindows {
  readonly #windows = new Map<string, Window>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Counts one request; the headers go with every answer. `over`: it is refused. */
  count(endpoint: Endpoint, user: string): { over: boolean; headers: Record<string, string> } {
    const limit = perWindow[endpoint];
    const window = this.#window(`${endpoint} ${user}`, windowMs);
    window.used += 1;
    const headers: Record<string, string> = {
      'x-rate-limit-limit': String(limit),
      'x-rate-limit-remaining': String(Math.max(0, limit - window.used)),
      'x-rate-limit-reset': seconds(window.endsMs),
    };
    if (endpoint !== 'post') return { over: window.used > limit, headers };
    const day = this.#window('app', dayMs);
    if (window.used <= limit) day.used += 1;
    headers['x-app-limit-24hour-limit'] = String(postsPerAppAndDay);
    headers['x-app-limit-24hour-remaining'] = String(Math.max(0, postsPerAppAndDay - day.used));
    headers['x-app-limit-24hour-reset'] = seconds(day.endsMs);
    return { over: window.used > limit || day.used > postsPerAppAndDay, headers };
  }

  #window(key: string, lengthMs: number): Window {
    const nowMs = this.#nowMs();
    const known = this.#windows.get(key);
    if (known && nowMs < known.endsMs) return known;
    const begun = { endsMs: nowMs + lengthMs, used: 0 };
    this.#windows.set(key, begun);
    return begun;
  }
}

function seconds(ms: number): string {
  return String(Math.ceil(ms / 1000));
}
