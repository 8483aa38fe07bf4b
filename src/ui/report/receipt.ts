import type { Clip } from '../../artifacts/schemas/clip.js';
import type { Moment } from '../../artifacts/schemas/selection.js';
import { html, relativeLink, type Html } from './html.js';
import type { ManifestOutput } from './input.js';

/** The proof of one output: what was measured and verified on the finished file. */
export function receiptSection(output: ManifestOutput, receipt: Clip | undefined, moment: Moment | undefined): Html {
  const failed = receipt?.checks.filter((check) => !check.passed).length ?? 0;
  const verdict = receipt === undefined ? 'no receipt' : failed === 0 ? `${receipt.checks.length} checks passed` : `${failed} of ${receipt.checks.length} checks failed`;
  return html`<details class="receipt"${failed > 0 ? html` open` : ''}>
<summary><span class="badge ${failed > 0 || !receipt ? 'bad' : 'good'}">${failed > 0 || !receipt ? '✗' : '✓'} ${verdict}</span> ${output.format} · ${output.width} × ${output.height}</summary>
<dl class="facts">
${fact('Loudness', decibels(output.integratedLufs, 'LUFS'))}
${fact('True peak', decibels(output.truePeakDbtp, 'dBTP'))}
${fact('Face in frame', output.faceCoverage === null ? 'no face followed' : `${Math.floor(output.faceCoverage * 1000) / 10} % of the time`)}
${fact('Framing', receipt && framing(receipt))}
${moment && moment.edges.firstWord !== '' && fact('Begins', html`<q dir="auto">${moment.edges.firstWord}</q> after ${seconds(moment.edges.pauseBeforeUs)} of quiet`)}
${moment && moment.edges.lastWord !== '' && fact('Ends', html`<q dir="auto">${moment.edges.lastWord}</q>, then ${seconds(moment.edges.pauseAfterUs)} of quiet`)}
${fact('Frames', receipt && `${receipt.frames} at ${fps(receipt)} a second`)}
${fact('SHA-256', html`<code title="${output.sha256}">${output.sha256.slice(0, 16)}…</code>`)}
</dl>
${receipt && html`<ul class="checks">${receipt.checks.map((check) => html`<li class="${check.passed ? 'good' : 'bad'}"><span class="mark" aria-hidden="true">${check.passed ? '✓' : '✗'}</span><span class="sr">${check.passed ? 'passed' : 'failed'}: </span><b>${check.id.replace(/[-_.]/g, ' ')}</b> <span class="muted">${check.detail}</span></li>`)}</ul>`}
<p class="files"><a href="${relativeLink(output.path)}">Clip</a> ${output.captions && html`<a href="${relativeLink(output.captions.srt)}">SRT</a> <a href="${relativeLink(output.captions.vtt)}">VTT</a> <a href="${relativeLink(output.captions.ass)}">ASS</a>`} <a href="${relativeLink(output.receipt)}">Receipt as JSON</a></p>
</details>`;
}

function fact(name: string, value: string | Html | undefined): Html {
  return value === undefined ? html`` : html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

function decibels(value: number | null, unit: string): string {
  return value === null ? 'silent' : `${value < 0 ? '−' : ''}${Math.abs(value).toFixed(1)} ${unit}`;
}

function seconds(us: number): string {
  return `${(us / 1e6).toFixed(2)} s`;
}

function fps(receipt: Clip): string {
  return String(Math.round((receipt.fps.num / receipt.fps.den) * 1000) / 1000);
}

function framing({ camera }: Clip): string {
  const cropUs = camera.shots.filter((shot) => shot.mode === 'crop').reduce((sum, shot) => sum + shot.endUs - shot.startUs, 0);
  const allUs = camera.shots.reduce((sum, shot) => sum + shot.endUs - shot.startUs, 0);
  if (camera.shots.length === 0) return 'a still picture';
  const shots = `${camera.shots.length} shot${camera.shots.length === 1 ? '' : 's'}`;
  if (allUs === 0 || cropUs === 0) return `whole picture, ${shots}`;
  return cropUs === allUs ? `cropped, ${shots}` : `cropped ${Math.round((cropUs / allUs) * 100)} % of the time, ${shots}`;
}
