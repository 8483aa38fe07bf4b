/** Markup that may stand in a page as it is. Only `html` and `raw` make it. */
export class Html {
  readonly markup: string;
  constructor(markup: string) {
    this.markup = markup;
  }
}

export type HtmlPart = string | number | Html | null | undefined | false | readonly HtmlPart[];

/** A template whose every inserted text is escaped, for content and for double-quoted attributes alike. */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  return new Html(strings.map((text, index) => text + (index < parts.length ? markupOf(parts[index]) : '')).join(''));
}

/** Our own markup, script or style. Never text from a file, a transcript or a model. */
export function raw(markup: string): Html {
  return new Html(markup);
}

function markupOf(part: HtmlPart): string {
  if (part === null || part === undefined || part === false) return '';
  if (part instanceof Html) return part.markup;
  if (typeof part === 'object') return part.map(markupOf).join('');
  return escapeText(String(part));
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escapeText(text: string): string {
  // XML and HTML allow no other control characters; a browser would show or misread them.
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '').replace(/(?![\t\n\r])\p{Cc}/gu, '\uFFFD');
}

/** JSON inside a script element: nothing in it can end the element or start a comment. */
export function scriptJson(value: unknown): Html {
  return new Html(JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`));
}

/** A link to a file beside the page: each name percent-encoded, and never taken for a scheme or an absolute path. */
export function relativeLink(path: string): string {
  return `./${path.split('/').map(encodeURIComponent).join('/')}`;
}
