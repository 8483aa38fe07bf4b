import type { Clock } from '../clock.js';
import type { Database } from './database.js';

/** A moment of a source. */
export interface ReviewedMoment {
  sourceSha256: string;
  lineage: string;
}

export type Decision = 'approved' | 'rejected';

/** Words a person put in place of those that were made; absent ones stay. */
export interface ClipText {
  title?: string;
  description?: string;
  hashtags?: string[];
}

interface RawText {
  title: string | null;
  description: string | null;
  hashtags: string | null;
}

/** A person's yes or no to each film of a clip, and their words for it. A film that is made anew needs a new yes; the words stay. */
export class Reviews {
  readonly #db: Database;
  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** Undefined: nobody has said anything about this film. */
  decision({ sourceSha256, lineage }: ReviewedMoment, clipSha256: string): Decision | undefined {
    return this.#db
      .prepare<[string, string, string], { decision: Decision }>('SELECT decision FROM reviews WHERE source_sha256 = ? AND lineage = ? AND clip_sha256 = ?')
      .get(sourceSha256, lineage, clipSha256)?.decision;
  }

  /** Undefined takes back what was said. */
  decide({ sourceSha256, lineage }: ReviewedMoment, clipSha256s: readonly string[], decision: Decision | undefined): void {
    const decide = this.#db.transaction(() => {
      for (const clipSha256 of clipSha256s) {
        if (decision === undefined) this.#db.prepare('DELETE FROM reviews WHERE source_sha256 = ? AND lineage = ? AND clip_sha256 = ?').run(sourceSha256, lineage, clipSha256);
        else this.#db.prepare('INSERT OR REPLACE INTO reviews (source_sha256, lineage, clip_sha256, decision, decided_ms) VALUES (?, ?, ?, ?, ?)').run(sourceSha256, lineage, clipSha256, decision, this.#clock.nowMs());
      }
    });
    decide.immediate();
  }

  text({ sourceSha256, lineage }: ReviewedMoment): ClipText {
    const row = this.#db.prepare<[string, string], RawText>('SELECT title, description, hashtags FROM clip_texts WHERE source_sha256 = ? AND lineage = ?').get(sourceSha256, lineage);
    return {
      ...(row?.title == null ? {} : { title: row.title }),
      ...(row?.description == null ? {} : { description: row.description }),
      ...(row?.hashtags == null ? {} : { hashtags: JSON.parse(row.hashtags) as string[] }),
    };
  }

  /** Keeps the words given; those that are absent stay as they were. */
  edit(moment: ReviewedMoment, change: ClipText): void {
    const edit = this.#db.transaction(() => {
      const { title = null, description = null, hashtags } = { ...this.text(moment), ...change };
      this.#db
        .prepare('INSERT OR REPLACE INTO clip_texts (source_sha256, lineage, title, description, hashtags, edited_ms) VALUES (?, ?, ?, ?, ?, ?)')
        .run(moment.sourceSha256, moment.lineage, title, description, hashtags === undefined ? null : JSON.stringify(hashtags), this.#clock.nowMs());
    });
    edit.immediate();
  }
}
