import { clock } from '../format.js';
import { html, type Html } from './html.js';
import type { ReportInput } from './input.js';

/** Rules for elements placed in time: a page without inline styles can still place hundreds of them. */
export class Placement {
  readonly #rules: string[] = [];

  /** The class of an element at these shares (0…1) of the width, in this lane. */
  at(left: number, width: number, lane?: number): string {
    const name = `p${this.#rules.length}`;
    const top = lane === undefined ? '' : `;--lane:${lane}`;
    this.#rules.push(`.${name}{left:${percent(left)};width:${percent(width)}${top}}`);
    return name;
  }

  /** A custom property on a class of its own. */
  set(property: string, value: number): string {
    const name = `p${this.#rules.length}`;
    this.#rules.push(`.${name}{--${property}:${value}}`);
    return name;
  }

  css(): string {
    return this.#rules.join('\n');
  }
}

/** The whole source on one line: topics, every candidate, and where the clips are. */
export function timelineSection(input: ReportInput, placement: Placement): Html {
  const { durationUs } = input.manifest.source;
  const { topics, candidates } = input.candidates ?? { topics: [], candidates: [] };
  const share = (us: number): number => Math.min(1, Math.max(0, us / durationUs));
  const span = (startUs: number, endUs: number, lane?: number): string => placement.at(share(startUs), share(endUs) - share(startUs), lane);
  const clipOf = clipOfCandidate(input);
  const order = candidates.toSorted((one, other) => startOf(one) - startOf(other) || other.score - one.score);
  const lanes = packIntoLanes(order);
  const laneCount = Math.max(1, ...lanes.map((lane) => lane + 1));
  const stepUs = tickStepUs(durationUs);
  const ticks = Array.from({ length: Math.floor(durationUs / stepUs) + 1 }, (_, index) => index * stepUs).filter((us) => us <= durationUs * 0.92);
  const rejected = order.filter((candidate) => candidate.state === 'rejected').map((candidate) => candidate.score);
  const worst = Math.min(...rejected);
  const best = Math.max(...rejected);
  // Four shades: the better a candidate that was not chosen, the stronger.
  const shade = (score: number): number => (best > worst ? 1 + Math.min(3, Math.floor(((score - worst) / (best - worst)) * 4)) : 2);
  const bars = order.map((candidate, index) => {
    const clip = clipOf.get(candidate.id);
    const where = span(startOf(candidate), candidate.ranges.at(-1)?.endUs ?? startOf(candidate), lanes[index] ?? 0);
    const state = candidate.state === 'selected' ? `clip ${clip ?? ''}` : 'not chosen';
    return html`<button type="button" class="cand ${candidate.state}${candidate.state === 'rejected' && ` s${shade(candidate.score)}`} ${where}" data-candidate="${candidate.id}" tabindex="${index === 0 ? 0 : -1}" aria-label="${`${clock(startOf(candidate))}, score ${candidate.score.toFixed(1)}, ${state}`}">${clip ?? ''}</button>`;
  });
  return html`<section class="panel" aria-labelledby="timeline-title">
<header class="panel-head"><h2 id="timeline-title">What was considered</h2>
<p class="legend"><span class="key selected"></span>chosen ${input.manifest.clips.length} <span class="key s2"></span><span class="key s4"></span>not chosen ${rejected.length}, stronger is better</p></header>
<div class="timeline" tabindex="-1"><div class="track ${placement.set('minutes', Math.ceil(durationUs / 60e6))} ${placement.set('lanes', laneCount)}" data-duration="${durationUs}">
<div class="ticks" aria-hidden="true">${ticks.map((us) => html`<span class="${placement.at(share(us), 0)}">${clock(us)}</span>`)}</div>
<ol class="topics">${topics.map((topic) => html`<li class="${span(topic.startUs, topic.endUs)}" title="${topic.title}"><span dir="auto">${topic.title}</span></li>`)}</ol>
<div class="lanes" role="group" aria-label="Candidates in order of time; arrow keys move between them">${bars}<span class="playhead" hidden></span></div>
</div></div>
<div class="detail" id="candidate-detail" aria-live="polite"><p class="hint">Point at a bar, or use the arrow keys, to see why a moment was chosen or not.</p></div>
<details class="all"><summary>All ${order.length} candidates as a table</summary>${candidateTable(order, clipOf)}</details>
</section>`;
}

type Candidate = NonNullable<ReportInput['candidates']>['candidates'][number];

/** Which clip a chosen candidate became, by candidate id. */
export function clipOfCandidate(input: ReportInput): Map<string, number> {
  return new Map(input.receipts.map(({ moment }) => [moment.candidateId, moment.index]));
}

function candidateTable(order: readonly Candidate[], clipOf: ReadonlyMap<string, number>): Html {
  const rows = order.map((candidate) => {
    const clip = clipOf.get(candidate.id);
    const state = candidate.state === 'selected' && clip !== undefined ? html`<a href="#clip-${clip}">clip ${clip}</a>` : 'not chosen';
    return html`<tr><td class="num">${clock(startOf(candidate))}</td><td class="num">${clock(lengthOf(candidate))}</td><td class="num">${candidate.score.toFixed(1)}</td><td>${state}</td><td dir="auto">${candidate.reason}</td></tr>`;
  });
  return html`<div class="scroll" role="region" aria-label="All candidates" tabindex="0"><table><thead><tr><th scope="col" class="num">Start</th><th scope="col" class="num">Length</th><th scope="col" class="num">Score</th><th scope="col">State</th><th scope="col">Why</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

function startOf(candidate: Candidate): number {
  return candidate.ranges[0]?.startUs ?? 0;
}

function lengthOf(candidate: Candidate): number {
  return candidate.ranges.reduce((sum, range) => sum + range.endUs - range.startUs, 0);
}

/** Chosen ones in the first lane (they never overlap), the others in the first free lane below. Input in order of start. */
function packIntoLanes(order: readonly Candidate[]): number[] {
  const endsUs: number[] = [0];
  return order.map((candidate) => {
    const endUs = candidate.ranges.at(-1)?.endUs ?? 0;
    if (candidate.state === 'selected') return 0;
    let lane = 1;
    while ((endsUs[lane] ?? 0) > startOf(candidate)) lane += 1;
    endsUs[lane] = endUs;
    return lane;
  });
}

/** A round step that gives at most eight labels. */
function tickStepUs(durationUs: number): number {
  const steps = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
  return (steps.find((seconds) => durationUs / (seconds * 1e6) <= 8) ?? 14_400) * 1e6;
}

function percent(share: number): string {
  return `${Math.round(share * 1e5) / 1e3}%`;
}
