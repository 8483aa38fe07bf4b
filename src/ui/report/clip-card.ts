import { clock } from '../format.js';
import { clipWords, type ClipWord } from './clip-words.js';
import { html, relativeLink, type Html } from './html.js';
import type { ManifestClip, ReportInput, ReportReceipt } from './input.js';
import { noticeList } from './notices.js';
import { receiptSection } from './receipt.js';
import { scoreBars, type BarScale } from './score-bars.js';

/** One clip: its players on one side; words, reasons and proof on the other. */
export function clipCard(clip: ManifestClip, input: ReportInput, scale: BarScale): Html {
  const receiptOf = new Map(input.receipts.map((receipt) => [receipt.path, receipt]));
  const moment = input.receipts.find((receipt) => receipt.moment.index === clip.index)?.moment;
  const words = clipWords(clip, input);
  const doubtful = words.filter((word) => word.doubtful).length;
  const [first] = clip.ranges;
  const last = clip.ranges.at(-1);
  const id = `clip-${clip.index}`;
  return html`<article class="clip panel" id="${id}" aria-labelledby="${id}-title" data-ranges="${JSON.stringify(clip.ranges.map((range) => [range.startUs, range.endUs]))}">
<div class="players">${players(clip, receiptOf)}</div>
<div class="about">
<header>
<p class="over">Clip ${clip.index}${moment && moment.rank === 1 ? html` <span class="badge best">best</span>` : ''} <span class="muted">${clock(first?.startUs ?? 0)}–${clock(last?.endUs ?? 0)} of the source · ${clock(clip.outputs[0]?.durationUs ?? 0)} long</span></p>
<h2 id="${id}-title" dir="auto">${clip.title}</h2>
${moment && moment.description !== '' && html`<p class="description" dir="auto">${moment.description}</p>`}
${moment && moment.hashtags.length > 0 && html`<p class="tags" dir="auto">${moment.hashtags.map((tag) => html`<span>${tag.startsWith('#') ? tag : `#${tag}`}</span> `)}</p>`}
</header>
${noticeList(clip.notices)}
<section aria-labelledby="${id}-words">
<h3 id="${id}-words">Words${doubtful > 0 && html` <span class="note">${doubtful} to double-check</span>`}</h3>
${transcript(words, input.language, id)}
</section>
<section class="why" aria-labelledby="${id}-why">
<h3 id="${id}-why">Why this moment <span class="score">${clip.score.toFixed(1)}</span></h3>
${moment && html`<p class="reason" dir="auto">${moment.reason}</p>`}
${scoreBars(clip.scoreParts, scale)}
</section>
<section aria-label="Proof of clip ${clip.index}">
${clip.outputs.map((output) => receiptSection(output, receiptOf.get(output.path)?.clip, moment))}
</section>
</div>
</article>`;
}

function players(clip: ManifestClip, receiptOf: ReadonlyMap<string, ReportReceipt>): Html {
  const tabs =
    clip.outputs.length < 2
      ? ''
      : html`<div class="tabs" role="group" aria-label="Format">${clip.outputs.map((output, index) => html`<button type="button" data-format="${output.format}" aria-pressed="${index === 0 ? 'true' : 'false'}">${output.format}</button>`)}</div>`;
  const videos = clip.outputs.map((output, index) => {
    const cover = receiptOf.get(output.path)?.cover;
    return html`<video controls playsinline preload="metadata" width="${output.width}" height="${output.height}" data-format="${output.format}" src="${relativeLink(output.path)}"${cover !== undefined && html` poster="${relativeLink(cover)}"`} aria-label="${`Clip ${clip.index}, ${output.format}: ${clip.title}`}"${index > 0 && html` hidden`}></video>`;
  });
  return html`${tabs}${videos}`;
}

function transcript(words: readonly ClipWord[], language: string | undefined, id: string): Html {
  if (words.length === 0) return html`<p class="muted">No words in this clip.</p>`;
  const spans = words.map((word, index) => {
    const doubt = word.doubtful && html` title="${`heard with ${Math.round(word.confidence * 100)} % confidence`}"`;
    return html`${word.spaceBefore && index > 0 ? ' ' : ''}<span role="option" aria-selected="false" id="${id}-w${index}"${word.doubtful && html` class="doubt"`}${doubt} data-t="${word.startUs}" data-e="${word.endUs}">${word.text}${word.doubtful && html`<span class="sr"> (unsure)</span>`}</span>`;
  });
  return html`<div class="words" role="listbox" tabindex="0" aria-label="Words of this clip; arrow keys choose one, Enter plays from it" ${language !== undefined && html` lang="${language}"`} dir="auto">${spans}</div>`;
}
