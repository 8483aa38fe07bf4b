// @ts-check
// Makes the report come alive: words seek, words light up while they are spoken, candidates explain themselves.
// Everything it adds is text set through textContent; without it the page is still complete.
const data = /** @type {{ scale: { minus: number, plus: number }, language: string, candidates: Candidate[] }} */ (JSON.parse(document.getElementById('data')?.textContent ?? '{}'));
/** @typedef {{ id: string, ranges: { startUs: number, endUs: number }[], score: number, scoreParts: Record<string, number>, state: string, reason: string, text: string, clip: number | null }} Candidate */

const calm = matchMedia('(prefers-reduced-motion: reduce)');

// Theme: follows the system until the button is used.
const theme = /** @type {HTMLButtonElement | null} */ (document.getElementById('theme'));
if (theme) {
  const systemDark = matchMedia('(prefers-color-scheme: dark)');
  const isDark = () => (document.documentElement.dataset['theme'] ?? (systemDark.matches ? 'dark' : 'light')) === 'dark';
  const label = () => {
    theme.textContent = isDark() ? 'Light' : 'Dark';
    theme.setAttribute('aria-label', isDark() ? 'Change to light colours' : 'Change to dark colours');
  };
  theme.addEventListener('click', () => {
    document.documentElement.dataset['theme'] = isDark() ? 'light' : 'dark';
    label();
  });
  systemDark.addEventListener('change', label);
  label();
  theme.hidden = false;
}

// Clips
const lanes = document.querySelector('.lanes');
const playhead = /** @type {HTMLElement | null} */ (document.querySelector('.playhead'));
const durationUs = Number(/** @type {HTMLElement | null} */ (document.querySelector('.track'))?.dataset['duration'] ?? 0);
const allVideos = /** @type {HTMLVideoElement[]} */ ([...document.querySelectorAll('video')]);

for (const clip of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('.clip'))) {
  const videos = /** @type {HTMLVideoElement[]} */ ([...clip.querySelectorAll('video')]);
  const list = /** @type {HTMLElement | null} */ (clip.querySelector('.words'));
  const words = /** @type {HTMLElement[]} */ ([...(list?.querySelectorAll('[data-t]') ?? [])]);
  const starts = words.map((word) => Number(word.dataset['t']));
  const ends = words.map((word) => Number(word.dataset['e']));
  const ranges = /** @type {[number, number][]} */ (JSON.parse(clip.dataset['ranges'] ?? '[]'));
  const shown = () => videos.find((video) => !video.hidden) ?? videos[0];
  let chosen = -1;

  /** @param {number} us @returns {number} index of the last word that has begun, or -1 */
  const begunAt = (us) => {
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= us) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  };

  /** @param {HTMLElement} word */
  const reveal = (word) => {
    if (!list) return;
    const above = word.offsetTop - list.scrollTop;
    if (above >= 0 && above + word.offsetHeight <= list.clientHeight) return;
    list.scrollTo({ top: word.offsetTop - list.clientHeight / 3, behavior: calm.matches ? 'auto' : 'smooth' });
  };

  /** @param {number} index */
  const choose = (index) => {
    words[chosen]?.setAttribute('aria-selected', 'false');
    chosen = Math.max(0, Math.min(words.length - 1, index));
    const word = words[chosen];
    if (!word || !list) return;
    word.setAttribute('aria-selected', 'true');
    list.setAttribute('aria-activedescendant', word.id);
    reveal(word);
  };

  /** @param {number} index */
  const playFrom = (index) => {
    const video = shown();
    const start = starts[index];
    if (!video || start === undefined) return;
    choose(index);
    // One millisecond later: rounding in the player must not land on the word before.
    video.currentTime = start / 1e6 + 0.001;
    // Refused only when the file is gone or the browser forbids it; the player shows that itself.
    video.play().catch(() => {});
  };

  list?.addEventListener('click', (event) => {
    const word = event.target instanceof Element ? event.target.closest('[data-t]') : null;
    // Dragging over words selects text to copy; only a plain click plays.
    if (word && (getSelection()?.isCollapsed ?? true)) playFrom(words.indexOf(/** @type {HTMLElement} */ (word)));
  });
  list?.addEventListener('keydown', (event) => {
    const from = chosen < 0 ? begunAt((shown()?.currentTime ?? 0) * 1e6) : chosen;
    const backwards = getComputedStyle(list).direction === 'rtl' ? 'ArrowRight' : 'ArrowLeft';
    const forwards = backwards === 'ArrowLeft' ? 'ArrowRight' : 'ArrowLeft';
    if (event.key === forwards || event.key === 'ArrowDown') choose(from + 1);
    else if (event.key === backwards || event.key === 'ArrowUp') choose(from - 1);
    else if (event.key === 'Home') choose(0);
    else if (event.key === 'End') choose(words.length - 1);
    else if (event.key === 'Enter' || event.key === ' ') playFrom(Math.max(0, from));
    else return;
    event.preventDefault();
  });

  /** @type {HTMLElement | undefined} */
  let lit;
  /** @param {number} us */
  const light = (us) => {
    const index = begunAt(us);
    const word = us <= (ends[index] ?? -1) ? words[index] : undefined;
    if (word === lit) return;
    lit?.classList.remove('now');
    word?.classList.add('now');
    if (word) reveal(word);
    lit = word;
  };

  /** Where on the source the clip is at this time. @param {number} us */
  const onSource = (us) => {
    let before = 0;
    for (const [start, end] of ranges) {
      if (us <= before + end - start) return start + us - before;
      before += end - start;
    }
    return ranges.at(-1)?.[1] ?? 0;
  };

  for (const video of videos) {
    const show = () => {
      const us = video.currentTime * 1e6;
      light(us);
      if (playhead && durationUs > 0) {
        playhead.hidden = false;
        playhead.style.left = `${(onSource(us) / durationUs) * 100}%`;
      }
    };
    const follow = () => {
      show();
      if (!video.paused && !video.ended) requestAnimationFrame(follow);
    };
    video.addEventListener('play', () => {
      for (const other of allVideos) if (other !== video) other.pause();
      follow();
    });
    video.addEventListener('seeked', show);
  }

  for (const tab of /** @type {NodeListOf<HTMLElement>} */ (clip.querySelectorAll('.tabs button'))) {
    tab.addEventListener('click', () => {
      const from = shown();
      const to = videos.find((video) => video.dataset['format'] === tab.dataset['format']);
      if (!to || !from || to === from) return;
      const wasPlaying = !from.paused;
      from.pause();
      from.hidden = true;
      to.hidden = false;
      to.currentTime = from.currentTime;
      if (wasPlaying) to.play().catch(() => {});
      for (const other of clip.querySelectorAll('.tabs button')) other.setAttribute('aria-pressed', String(other === tab));
    });
  }
}

// Candidates
const detail = document.getElementById('candidate-detail');
const byId = new Map(data.candidates.map((candidate) => [candidate.id, candidate]));
const bars = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('.cand')]);
/** @type {HTMLElement | undefined} */
let pinned;

/** @param {string} name @param {Record<string, string>} [attributes] @param {(Node | string)[]} children */
const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
};
const svgSpace = 'http://www.w3.org/2000/svg';
/** @param {string} name @param {Record<string, string>} attributes @param {Node[]} children */
const drawing = (name, attributes, ...children) => {
  const made = document.createElementNS(svgSpace, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
};
const two = (/** @type {number} */ value) => String(value).padStart(2, '0');
/** @param {number} us */
const clock = (us) => {
  const seconds = Math.floor(us / 1e6);
  const hours = Math.floor(seconds / 3600);
  return hours > 0 ? `${hours}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}` : `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
};

const partName = (/** @type {string} */ name) => name.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/[-_]/g, ' ').toLowerCase();
const isNothing = (/** @type {number} */ value) => Math.abs(value) < 0.05;
/** @param {Record<string, number>} parts */
const scoreBars = (parts) => {
  const percentOf = (/** @type {number} */ value) => (value / (data.scale.minus + data.scale.plus)) * 100;
  const zero = percentOf(data.scale.minus);
  const rows = Object.entries(parts)
    .filter(([, value]) => !isNothing(value))
    .toSorted(([, one], [, other]) => other - one)
    .map(([name, value]) => {
      const length = percentOf(Math.abs(value));
      const bar = drawing(
        'svg',
        { class: `bar ${value < 0 ? 'minus' : 'plus'}`, 'aria-hidden': 'true' },
        drawing('rect', { class: 'zero', x: `${zero}%`, width: '1', height: '100%' }),
        drawing('rect', { x: `${value < 0 ? zero - length : zero}%`, width: `${length}%`, y: '25%', height: '50%', rx: '3' }),
      );
      const number = element('span', { class: 'num' }, `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)}`);
      return element('div', { class: 'part' }, element('dt', {}, partName(name)), element('dd', {}, bar, number));
    });
  const nothing = Object.entries(parts).filter(([, value]) => isNothing(value));
  const rest = nothing.length > 0 ? [element('p', { class: 'nothing' }, `Neither for nor against: ${nothing.map(([name]) => partName(name)).join(', ')}`)] : [];
  return element('div', {}, element('dl', { class: 'parts' }, ...rows), ...rest);
};

/** @param {HTMLElement} bar */
const explain = (bar) => {
  const candidate = byId.get(bar.dataset['candidate'] ?? '');
  if (!candidate || !detail) return;
  for (const other of bars) other.classList.toggle('shown', other === bar);
  const start = candidate.ranges[0]?.startUs ?? 0;
  const end = candidate.ranges.at(-1)?.endUs ?? 0;
  const length = candidate.ranges.reduce((sum, range) => sum + range.endUs - range.startUs, 0);
  const state =
    candidate.clip === null
      ? element('span', { class: 'badge' }, 'not chosen')
      : element('a', { class: 'badge best', href: `#clip-${candidate.clip}` }, `clip ${candidate.clip}`);
  const head = element('p', { class: 'over' }, state, ` ${clock(start)}–${clock(end)} · ${clock(length)} long · score `, element('b', {}, candidate.score.toFixed(1)));
  const text = element('blockquote', { dir: 'auto', ...(data.language ? { lang: data.language } : {}) }, candidate.text);
  detail.replaceChildren(element('div', { class: 'detail-text' }, head, element('p', { class: 'reason', dir: 'auto' }, candidate.reason), text), scoreBars(candidate.scoreParts));
};

/** @param {HTMLElement} bar */
const pin = (bar) => {
  for (const other of bars) other.tabIndex = other === bar ? 0 : -1;
  pinned = bar;
  explain(bar);
};

for (const [index, bar] of bars.entries()) {
  bar.addEventListener('mouseenter', () => explain(bar));
  bar.addEventListener('focus', () => pin(bar));
  bar.addEventListener('click', () => {
    pin(bar);
    const clip = byId.get(bar.dataset['candidate'] ?? '')?.clip;
    if (clip !== null && clip !== undefined) document.getElementById(`clip-${clip}`)?.scrollIntoView({ behavior: calm.matches ? 'auto' : 'smooth', block: 'start' });
  });
  bar.addEventListener('keydown', (event) => {
    const to = { ArrowRight: index + 1, ArrowDown: index + 1, ArrowLeft: index - 1, ArrowUp: index - 1, Home: 0, End: bars.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    bars[Math.max(0, Math.min(bars.length - 1, to))]?.focus();
  });
}
lanes?.addEventListener('mouseleave', () => {
  if (pinned) explain(pinned);
});
// The best chosen moment explains itself before anything was pointed at.
const best = data.candidates.filter((candidate) => candidate.clip !== null).toSorted((one, other) => other.score - one.score)[0];
const first = bars.find((bar) => bar.dataset['candidate'] === best?.id);
if (first) pin(first);
