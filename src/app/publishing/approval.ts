import type { Settings } from '../../config/options.js';
import type { Reviews } from '../../jobs/reviews.js';
import type { PublishableClip, Publisher } from '../../publishers/publisher.js';
import type { JobClip } from './job-clips.js';

/** `waiting`: nobody has looked at it yet. `held back`: the rules of --auto-approve do not let it through. */
export type Approval = 'approved' | 'rejected' | 'waiting' | 'held back';

/** The settings that decide where no person has. */
export type ApprovalRules = Pick<Settings, 'autoApprove' | 'minScore' | 'notices' | 'sandbox'>;

/** Whether a film may be sent where others can see it. A folder of this machine shows it to nobody. */
export function approvalOf(publisher: Pick<Publisher, 'reach'>, clip: JobClip, film: PublishableClip, reviews: Pick<Reviews, 'decision'>, rules: ApprovalRules): Approval {
  if (publisher.reach === 'local' || rules.sandbox) return 'approved';
  const decision = reviews.decision(clip, film.sha256);
  if (decision !== undefined) return decision;
  if (!rules.autoApprove) return 'waiting';
  const isFlawless = clip.notices.every(({ severity }) => severity !== 'degraded');
  return clip.score >= rules.minScore && (rules.notices || isFlawless) ? 'approved' : 'held back';
}
