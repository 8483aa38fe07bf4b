/** Every form of a secret is at least so long: forms are found by their first so many characters. */
export const headChars = 8;

/** Power of two: what tells most places in a text at once that nothing begins there. */
const slots = 1 << 14;

/**
 * Replaces each of `forms` in a text, from left to right and the longest first, as a regular expression of all of them would. Thousands of
 * forms are indexed in under a millisecond, where compiling that expression takes fifty: secrets come one by one, and text between them.
 * @param forms each of at least `headChars` characters
 */
export function finderOf(forms: Iterable<string>): (text: string, mark: string) => string {
  const byHead = new Map<string, string[]>();
  const begins = new Uint8Array(slots);
  for (const form of new Set(forms)) {
    const head = form.slice(0, headChars);
    const others = byHead.get(head);
    if (others) others.push(form);
    else byHead.set(head, [form]);
    begins[slotAt(form, 0)] = 1;
  }
  for (const some of byHead.values()) some.sort((one, other) => other.length - one.length);

  return (text, mark) => {
    let out = '';
    let kept = 0;
    for (let at = 0; at <= text.length - headChars; ) {
      const form = begins[slotAt(text, at)] === 1 ? byHead.get(text.slice(at, at + headChars))?.find((one) => text.startsWith(one, at)) : undefined;
      if (form === undefined) {
        at += 1;
        continue;
      }
      out += text.slice(kept, at) + mark;
      at += form.length;
      kept = at;
    }
    return kept === 0 ? text : out + text.slice(kept);
  };
}

/** Of the three characters there. */
function slotAt(text: string, at: number): number {
  return (text.charCodeAt(at) ^ (text.charCodeAt(at + 1) << 5) ^ (text.charCodeAt(at + 2) << 9)) & (slots - 1);
}
