import type { Reviews } from '../../jobs/reviews.js';
import type { Finding, PublishableClip } from '../../publishers/publisher.js';
import { approvalOf, type Approval, type ApprovalRules } from './approval.js';
import { chooseFilm } from './choose-film.js';
import type { JobClip } from './job-clips.js';
import type { Platform } from './targets.js';

/** One clip for one target, looked at before anything is sent. */
export interface PlannedPost<T extends Platform = Platform> {
  clip: JobClip;
  target: T;
  /** Undefined: the clip was not made in a format that the platform takes. */
  film: PublishableClip | undefined;
  approval: Approval;
  findings: Finding[];
}

/** What would go where, and what the platforms will say about it. Sends nothing. */
export function planPosts<T extends Platform>(clips: readonly JobClip[], targets: readonly T[], reviews: Pick<Reviews, 'decision'>, rules: ApprovalRules): PlannedPost<T>[] {
  return targets.flatMap((target) =>
    clips.map((clip) => {
      const film = chooseFilm(clip, target);
      const approval = film ? approvalOf(target.publisher, clip, film, reviews, rules) : 'approved';
      return { clip, target, film, approval, findings: film ? target.publisher.check(film, target.options) : [noFilm(clip, target)] };
    }),
  );
}

export function isRefused({ findings }: Pick<PlannedPost, 'findings'>): boolean {
  return findings.some(({ severity }) => severity === 'refused');
}

function noFilm(clip: JobClip, { publisher, format }: Platform): Finding {
  const made = clip.films.map((film) => film.format).join(', ') || 'none';
  const wanted = format ?? publisher.limits.formats.join(' or ');
  return {
    rule: `${publisher.id}.format.missing`,
    severity: 'refused',
    message: `it was not made as ${wanted} (there is: ${made})`,
    remedy: `Make it: snvg process --format ${format ?? publisher.limits.formats[0] ?? 'vertical'}${clip.films[0] ? `, or choose another with --set ${publisher.id}.format=${clip.films[0].format}` : ''}`,
  };
}
