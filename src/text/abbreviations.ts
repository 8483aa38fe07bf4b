/**
 * Words whose full stop seldom ends a sentence: `titles` stand before a name and have a capital themselves, `open` ones introduce
 * what follows ("e.g."), `counted` ones only where a figure follows ("fig. 3", but "bread with figs."), and
 * `closed` ones may stand last, so the next word decides (a capital letter starts a new sentence).
 */
interface Abbreviations {
  titles: ReadonlySet<string>;
  open: ReadonlySet<string>;
  counted: ReadonlySet<string>;
  closed: ReadonlySet<string>;
}

function table(titles: string, open: string, counted: string, closed: string): Abbreviations {
  return { titles: list(titles), open: list(open), counted: list(counted), closed: list(closed) };
}

function list(words: string): ReadonlySet<string> {
  return new Set(words.split(' '));
}

const byLanguage: Readonly<Record<string, Abbreviations>> = {
  en: table(
    'mr mrs ms mx dr prof rev hon fr sr sra st gen col maj capt lt cmdr sgt cpl sen rep gov pres',
    'e.g i.e eg ie cf vs viz approx',
    'no nos fig figs vol vols ch pp p ed eds est ca',
    'etc inc ltd co corp jr sr esq u.s u.k u.n e.u d.c a.m p.m b.c a.d ph.d m.d b.a m.a jan feb mar apr jun jul aug sep sept oct nov dec ave blvd rd dept al',
  ),
  de: table('hr fr dr prof st', 'z.b d.h bzw vgl u.a', 'ca nr bd s abb kap', 'usw etc u.s.w gmbh jh jhd co'),
  fr: table('m mm mme mlle dr pr st ste', 'p.ex cf env', 'n vol p', 'etc av j.-c ltd'),
  es: table('sr sra srta d dña dr dra prof ud uds', 'p.ej', 'núm pág vol', 'etc ee.uu a.c d.c s.a'),
  it: table('sig sigg sig.ra dott dott.ssa prof ing avv on', 'p.es', 'pag vol n', 'ecc a.c d.c s.p.a'),
  pt: table('sr sra dr dra prof eng', 'p.ex', 'pág vol n', 'etc a.c d.c s.a ltda'),
};

/** Languages that write an ordinal as number and full stop ("am 3. Mai"). */
const ordinalDot: ReadonlySet<string> = list('de da no nb nn fi cs sk pl hu hr sr sl et lv tr is');

export type StopKind = 'open' | 'closed' | 'ordinal' | 'initial' | 'none';

/**
 * What the full stop at the end of `word` may be, other than the end of a sentence.
 * @param word one word with its punctuation, for example `Mr.`, `e.g.`, `F.`, `3.`
 * @param next the word after it
 * @param language ISO 639-1; English titles are known everywhere since names travel.
 */
export function stopKind(word: string, next: string, language: string): StopKind {
  const bare = word.replace(/^[\p{Ps}\p{Pi}"'¿¡]+/u, '');
  if (!/[^.]\.$/u.test(bare)) return 'none';
  const stem = bare.slice(0, -1);
  if (/^\p{N}+$/u.test(stem)) return ordinalDot.has(language) ? 'ordinal' : 'none';
  if (/^\p{Lu}$/u.test(stem)) return 'initial';
  const key = stem.toLowerCase();
  const own = byLanguage[language];
  const capital = /^\p{Lu}/u.test(stem);
  if (own?.open.has(key)) return 'open';
  if (capital && (own?.titles.has(key) || /^(mr|mrs|ms|dr|prof)$/u.test(key))) return 'open';
  if (own?.counted.has(key)) return /^\p{N}/u.test(next) ? 'open' : 'none';
  // Letters with stops between them (U.S.A., a.k.a.) are abbreviations in any language.
  if (own?.closed.has(key) || /^\p{L}(\.\p{L})+$/u.test(stem)) return 'closed';
  return 'none';
}
