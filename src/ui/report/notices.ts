import type { Notice } from '../../pipeline/notice.js';
import { html, type Html } from './html.js';

/** Notices in full, degradations first; nothing when there are none. */
export function noticeList(notices: readonly Notice[]): Html {
  if (notices.length === 0) return html``;
  const order = notices.toSorted((one, other) => Number(one.severity === 'info') - Number(other.severity === 'info'));
  const items = order.map(
    ({ code, stage, message, remedy, severity }) =>
      html`<li class="${severity}"><b dir="auto">${message}</b> <span dir="auto">${remedy}</span> <code>${code}</code> <span class="muted">${stage}</span></li>`,
  );
  return html`<ul class="notices">${items}</ul>`;
}
