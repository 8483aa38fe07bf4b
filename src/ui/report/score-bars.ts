import { html, type Html } from './html.js';

/** Parts of a score, greatest first, as bars around a common zero. `scale` is the longest bar's value, the same on the whole page. */
export function scoreBars(parts: Record<string, number>, scale: number): Html {
  const rows = Object.entries(parts)
    .toSorted(([, one], [, other]) => other - one)
    .map(([name, value]) => {
      const length = Math.min(50, (Math.abs(value) / scale) * 50);
      return html`<div class="part">
<dt>${words(name)}</dt>
<dd><svg class="bar ${value < 0 ? 'minus' : 'plus'}" aria-hidden="true"><rect class="zero" x="50%" width="1" height="100%"/><rect x="${round(value < 0 ? 50 - length : 50)}%" width="${round(length)}%" y="25%" height="50%" rx="3"/></svg>
<span class="num">${signed(value)}</span></dd>
</div>`;
    });
  return html`<dl class="parts">${rows}</dl>`;
}

/** The longest bar any of the scores needs. */
export function barScale(scores: readonly Record<string, number>[]): number {
  return Math.max(1e-9, ...scores.flatMap((parts) => Object.values(parts).map(Math.abs)));
}

/** `openingHook` → "opening hook". */
function words(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/[-_]/g, ' ').toLowerCase();
}

/** "+4.2", "−1.0" (a minus sign, not a hyphen). */
export function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)}`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
