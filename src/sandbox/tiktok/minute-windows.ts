/** One-minute sliding windows, as TikTok counts requests: by token and endpoint. */
export class MinuteWindows {
  readonly #requests = new Map<string, number[]>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** False when there were `perMinute` requests within the last minute; a refused request does not count. */
  take(key: string, perMinute: number): boolean {
    const now = this.#nowMs();
    const recent = (this.#requests.get(key) ?? []).filter((atMs) => Math.abs(now - atMs) < 60_000);
    if (recent.length >= perMinute) return false;
    recent.push(now);
    this.#requests.set(key, recent);
    return true;
  }
}
