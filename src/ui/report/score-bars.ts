import { html, type Html } from './html.js';

/** How far the bars of a page reach on either side of zero, so that all of them share one scale. */
export interface BarScale {
  minus: number;
  plus: number;
}

/** Parts of a score, greatest first, as bars around zero; those that gave nothing are only named. */
export function scoreBars(parts: Record<string, number>, scale: BarScale): Html {
  const percentOf = (value: number): number => (value / (scale.minus + scale.plus)) * 100;
  const zero = round(percentOf(scale.minus));
  const nothing = Object.entries(parts).filter(([, value]) => isNothing(value));
  const rows = Object.entries(parts)
    .filter(([, value]) => !isNothing(value))
    .toSorted(([, one], [, other]) => other - one)
    .map(([name, value]) => {
      const length = round(percentOf(Math.abs(value)));
      return html`<div class="part">
<dt>${words(name)}</dt>
<dd><svg class="bar ${value < 0 ? 'minus' : 'plus'}" aria-hidden="true"><rect class="zero" x="${zero}%" width="1" height="100%"/><rect x="${value < 0 ? round(zero - length) : zero}%" width="${length}%" y="25%" height="50%" rx="3"/></svg>
<span class="num">${signed(value)}</span></dd>
</div>`;
    });
  return html`<dl class="parts">${rows}</dl>${nothing.length > 0 && html`<p class="nothing">Neither for nor against: ${nothing.map(([name]) => words(name)).join(', ')}</p>`}`;
}

/** The scale that fits all of these scores. */
export function barScale(scores: readonly Record<string, number>[]): BarScale {
  const values = scores.flatMap((parts) => Object.values(parts));
  return { minus: Math.max(0, -Math.min(0, ...values)), plus: Math.max(1e-9, ...values) };
}

/** `openingHook` → "opening hook". */
function words(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/[-_]/g, ' ').toLowerCase();
}

/** "+4.2", "−1.0" (a minus sign, not a hyphen). */
function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)}`;
}

function isNothing(value: number): boolean {
  return Math.abs(value) < 0.05;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
