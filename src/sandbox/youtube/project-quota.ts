import { refuse } from './answers.js';

const day = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/Los_Angeles', dateStyle: 'short' });

/** What an API project may use up until midnight Pacific time. */
export interface DailyQuota {
  uploads: number;
  units: number;
}

/** Counts what a project uses, refused calls included. */
export class ProjectQuota {
  limits: DailyQuota;
  readonly #nowMs: () => number;
  #day = '';
  #used: DailyQuota = { uploads: 0, units: 0 };

  constructor(limits: DailyQuota, nowMs: () => number) {
    this.limits = limits;
    this.#nowMs = nowMs;
  }

  get used(): DailyQuota {
    this.#turn();
    return { ...this.#used };
  }

  /** @throws {Refused} 403 quotaExceeded */
  spend(bucket: keyof DailyQuota, amount: number): void {
    this.#turn();
    if (this.#used[bucket] + amount > this.limits[bucket]) {
      refuse(403, 'quotaExceeded', 'The request cannot be completed because you have exceeded your <a href="/youtube/v3/getting-started#quota">quota</a>.', 'youtube.quota');
    }
    this.#used[bucket] += amount;
  }

  #turn(): void {
    const today = day.format(this.#nowMs());
    if (today === this.#day) return;
    this.#day = today;
    this.#used = { uploads: 0, units: 0 };
  }
}
