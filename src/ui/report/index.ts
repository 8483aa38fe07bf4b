import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Manifest } from '../../artifacts/schemas/manifest.js';
import { clock, count, span } from '../format.js';
import { clipCard } from './clip-card.js';
import { html, raw, scriptJson, type Html } from './html.js';
import type { ReportInput } from './input.js';
import { noticeList } from './notices.js';
import { barScale, type BarScale } from './score-bars.js';
import { clipOfCandidate, Placement, timelineSection } from './timeline.js';

/**
 * One page that shows a job: every clip playable beside its words, why it was chosen, its proof, and all that was not chosen.
 * Self-contained except for the clips and captions, which it links to beside itself. Its Content-Security-Policy allows
 * its own script and style by hash and media from beside it, nothing else.
 */
export function writeReport(input: ReportInput): string {
  const { manifest } = input;
  const candidates = input.candidates?.candidates ?? [];
  const placement = new Placement();
  const scale = barScale(candidates.map((candidate) => candidate.scoreParts));
  // Clips share a scale of their own: what dooms a bad candidate would make all of their bars short.
  const clipScale = barScale(manifest.clips.map((clip) => clip.scoreParts));
  // What went worse than it should comes first; what is merely good to know, after the clips.
  const degraded = jobNotices(input).some((notice) => notice.severity === 'degraded');
  const name = manifest.source.path.split('/').at(-1) ?? manifest.source.path;
  const body = html`<a class="skip" href="#clips">Skip to the clips</a>
${pageHead(input, name)}
<main>
${degraded && notices(input)}
${input.candidates && timelineSection(input, placement)}
<div id="clips">${manifest.clips.length === 0 ? html`<p class="panel empty">No clip was made.${candidates.length > 0 && ' The timeline above says why each candidate was not chosen.'}</p>` : manifest.clips.map((clip) => clipCard(clip, input, clipScale))}</div>
${!degraded && notices(input)}
${publications(input)}
${stages(input)}
</main>`;
  const style = `${asset('report.css')}\n${placement.css()}`;
  const script = asset('report.js');
  const policy = `default-src 'none'; script-src ${sourceHash(script)}; style-src ${sourceHash(style)}; media-src 'self' file:; img-src 'self' file:; base-uri 'none'; form-action 'none'`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${name} · snvg report</title>
<style>${raw(style)}</style>
</head>
<body>
${body}
<script type="application/json" id="data">${scriptJson(dataOf(input, scale))}</script>
<script>${raw(script)}</script>
</body>
</html>
`.markup;
}

/** What the script needs to explain a candidate. */
function dataOf(input: ReportInput, scale: BarScale): unknown {
  const clipOf = clipOfCandidate(input);
  return {
    scale,
    language: input.language ?? '',
    candidates: (input.candidates?.candidates ?? []).map(({ id, ranges, score, scoreParts, state, reason, text }) => ({ id, ranges, score, scoreParts, state, reason, text, clip: clipOf.get(id) ?? null })),
  };
}

const states = { done: 'done', 'partly-done': 'partly done', failed: 'failed', cancelled: 'cancelled' } as const;

function pageHead({ manifest, language }: ReportInput, name: string): Html {
  const { source, job, clips } = manifest;
  const facts = [clock(source.durationUs), ...(source.width === null ? ['sound alone'] : [`${source.width} × ${source.height}`]), ...(source.fps === null ? [] : [`${Math.round(source.fps * 100) / 100} fps`])];
  if (language !== undefined && language !== 'und') facts.push(`spoken language: ${language}`);
  return html`<header class="page-head">
<div class="head-text">
<p class="over">snvg report <span class="badge ${job.state === 'done' ? 'good' : 'bad'}">${states[job.state]}</span></p>
<h1 dir="auto">${name}</h1>
<p class="muted">${facts.join(' · ')}</p>
</div>
<button type="button" id="theme" hidden>Dark</button>
<nav aria-label="Clips"><ol>${clips.map((clip) => html`<li><a href="#clip-${clip.index}"><span class="n">${clip.index}</span> <span class="t" dir="auto">${clip.title}</span> <span class="muted">${clock(clip.outputs[0]?.durationUs ?? 0)}</span></a></li>`)}</ol></nav>
</header>`;
}

/** Those of the job as a whole; the others stand with their clip. */
function jobNotices({ manifest }: ReportInput): Manifest['notices'] {
  const ofClips = new Set(manifest.clips.flatMap((clip) => clip.notices.map((notice) => `${notice.code} ${notice.message}`)));
  return manifest.notices.filter((notice) => !ofClips.has(`${notice.code} ${notice.message}`));
}

function notices(input: ReportInput): Html {
  const rest = jobNotices(input);
  return rest.length === 0 ? html`` : html`<section class="panel" aria-labelledby="notices-title"><h2 id="notices-title">Notices</h2>${noticeList(rest)}</section>`;
}

function publications({ manifest }: ReportInput): Html {
  if (manifest.publications.length === 0) return html``;
  const rows = manifest.publications.map(({ clipId, target, account, state, url }) => {
    const clip = manifest.clips.find((candidate) => candidate.id === clipId);
    // An address comes from a remote service: only web addresses become links.
    const link = url === null ? '' : /^https?:\/\//i.test(url) ? html`<a href="${url}" rel="noreferrer">${url}</a>` : url;
    return html`<tr><td>${clip ? html`<a href="#clip-${clip.index}">clip ${clip.index}</a>` : clipId}</td><td>${target}</td><td>${account}</td><td>${state}</td><td>${link}</td></tr>`;
  });
  return html`<section class="panel" aria-labelledby="published-title"><h2 id="published-title">Published</h2><div class="scroll" role="region" aria-label="Publications" tabindex="0"><table><thead><tr><th scope="col">Clip</th><th scope="col">Target</th><th scope="col">Account</th><th scope="col">State</th><th scope="col">Address</th></tr></thead><tbody>${rows}</tbody></table></div></section>`;
}

function stages({ manifest }: ReportInput): Html {
  const ran = manifest.stages.filter((stage) => stage.state !== 'skipped');
  const cpuSeconds = ran.reduce((sum, stage) => sum + stage.cpuSeconds, 0);
  const rows = ran.map(
    ({ id, state, tasks, cachedTasks, cpuSeconds: cpu }) =>
      html`<tr><th scope="row">${id}</th><td>${state === 'cached' ? 'known already' : state}</td><td class="num">${tasks}</td><td class="num">${cachedTasks}</td><td class="num">${span(cpu * 1000)}</td></tr>`,
  );
  return html`<details class="panel made"><summary>How it was made: ${count(ran.reduce((sum, stage) => sum + stage.tasks, 0), 'task')}, ${span(cpuSeconds * 1000)} of CPU</summary>
<div class="scroll" role="region" aria-label="Stages" tabindex="0"><table><thead><tr><th scope="col">Stage</th><th scope="col">State</th><th scope="col" class="num">Tasks</th><th scope="col" class="num">Known already</th><th scope="col" class="num">CPU</th></tr></thead><tbody>${rows}</tbody></table></div>
<p class="muted">Source <code>${manifest.source.sha256}</code><br>Job <code>${manifest.job.id}</code></p></details>`;
}

function asset(name: string): string {
  return readFileSync(new URL(`../../../assets/report/${name}`, import.meta.url), 'utf8');
}

/** As a browser computes it: over the element's exact text. */
function sourceHash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
