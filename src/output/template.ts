/** A piece of a template: text as it stands, or a field with its width. */
export type TemplatePart = { text: string } | { field: string; width?: number };
export type Template = readonly TemplatePart[];

/** Why a text is no template; `at` is where, in UTF-16 units. */
export class TemplateFault extends Error {
  override readonly name = 'TemplateFault';
  readonly at: number;
  /** The field that was named, when the fault is that there is none of that name. */
  readonly field: string | undefined;
  constructor(message: string, at: number, field?: string) {
    super(message);
    this.at = at;
    this.field = field;
  }
}

const field = /\{([a-z]+)(?::([1-9][0-9]?))?\}/y;

/**
 * Reads a template: text with fields `{name}` or `{name:width}` (1 to 99); `{{` and `}}` stand for one brace each.
 * Nothing else may follow a brace.
 * @throws {TemplateFault} a brace that opens or closes nothing, or a field that is not one of `fields`
 */
export function parseTemplate(text: string, fields: readonly string[]): Template {
  const parts: TemplatePart[] = [];
  let plain = '';
  let at = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    if (char !== '{' && char !== '}') {
      plain += char;
      at += 1;
      continue;
    }
    if (text.charAt(at + 1) === char) {
      plain += char;
      at += 2;
      continue;
    }
    field.lastIndex = at;
    const match = field.exec(text);
    if (!match) throw brokenBrace(text, at);
    const [whole, name = '', width] = match;
    if (!fields.includes(name)) throw new TemplateFault(`there is no field {${name}}`, at, name);
    if (plain !== '') parts.push({ text: plain });
    plain = '';
    parts.push(width === undefined ? { field: name } : { field: name, width: Number(width) });
    at += whole.length;
  }
  if (plain !== '') parts.push({ text: plain });
  return parts;
}

function brokenBrace(text: string, at: number): TemplateFault {
  const rest = text.slice(at, at + 24);
  if (text.charAt(at) === '}') return new TemplateFault(`${JSON.stringify(rest)} closes a field that was not opened; a brace of its own is written }}`, at);
  const name = /^\{([^{}:]+)(:[1-9][0-9]?)?\}/.exec(rest)?.[1];
  if (name !== undefined) return new TemplateFault(`there is no field {${name}}`, at, name);
  return new TemplateFault(`${JSON.stringify(rest)} is not a field; it is written {name} or {name:3}, a brace of its own {{`, at);
}

/** The text of a template again: parsing it gives the same parts. */
export function templateText(template: Template): string {
  return template.map((part) => ('text' in part ? escapeBraces(part.text) : `{${part.field}${part.width === undefined ? '' : `:${part.width}`}}`)).join('');
}

/** Text that, read as a template, stands for itself. */
export function escapeBraces(text: string): string {
  return text.replace(/[{}]/g, '$&$&');
}

/** The fields a template uses. */
export function fieldsOf(template: Template): ReadonlySet<string> {
  return new Set(template.flatMap((part) => ('field' in part ? [part.field] : [])));
}
