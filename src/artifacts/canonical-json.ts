/**
 * JSON with sorted keys and no undefined members: equal values give equal text, so its hash can be a key.
 * (Numbers as JSON.stringify writes them; RFC 8785 without its string escaping rules, which ours never differ in.)
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (member === null || typeof member !== 'object' || Array.isArray(member)) return member;
    return Object.fromEntries(
      Object.entries(member)
        .filter(([, inner]) => inner !== undefined)
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    );
  });
}
