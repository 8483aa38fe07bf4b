/**
 * Words whose full stop seldom ends a sentence. Two kinds: `open` ones introduce what follows (a title, "e.g."), so the
 * sentence goes on; `closed` ones may stand last, so the next word decides (a capital letter starts a new sentence).
 */
interface Abbreviations {
  open: ReadonlySet<string>;
  closed: ReadonlySet<string>;
}

const list = (words: string): ReadonlySet<string> => new Set(words.split(' '));

const byLanguage: Readonly<Record<string, Abbreviations>> = {
  en: {
    open: list('mr mrs ms mx dr prof rev hon fr sr sra st gen col maj capt lt cmdr sgt cpl sen rep gov pres e.g i.e eg ie cf vs v viz no nos fig figs vol ch pp p ed eds approx est ca'),
    closed: list('etc inc ltd co corp jr sr esq u.s u.k u.n e.u d.c a.m p.m b.c a.d ph.d m.d b.a m.a jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun ave blvd rd dept al'),
  },
  de: {
    open: list('hr fr dr prof st z.b d.h bzw ca nr bd vgl s u.a abb kap'),
    closed: list('usw etc u.s.w gmbh jh jhd co'),
  },
  fr: { open: list('m mm mme mlle dr pr st ste p.ex cf env n vol p'), closed: list('etc av j.-c ltd') },
  es: { open: list('sr sra srta d dña dr dra prof p.ej núm pág vol ud uds'), closed: list('etc ee.uu a.c d.c s.a') },
  it: { open: list('sig sigg sig.ra dott dott.ssa prof ing avv on p.es pag vol n'), closed: list('ecc a.c d.c s.p.a') },
  pt: { open: list('sr sra dr dra prof eng p.ex pág vol n'), closed: list('etc a.c d.c s.a ltda') },
};

const none: Abbreviations = { open: new Set(), closed: new Set() };

/** Languages that write an ordinal as number and full stop ("am 3. Mai"). */
const ordinalDot: ReadonlySet<string> = list('de da no nb nn fi cs sk pl hu hr sr sl et lv tr is');

export type StopKind = 'open' | 'closed' | 'ordinal' | 'initial' | 'none';

/**
 * What the full stop at the end of `word` may be, other than the end of a sentence.
 * @param word one word with its punctuation, for example `Mr.`, `e.g.`, `F.`, `3.`
 * @param language ISO 639-1; English titles are known everywhere since names travel.
 */
export function stopKind(word: string, language: string): StopKind {
  const bare = word.replace(/^[\p{Ps}\p{Pi}"'¿¡]+/u, '');
  if (!/[^.]\.$/u.test(bare)) return 'none';
  const stem = bare.slice(0, -1);
  if (/^\p{N}+$/u.test(stem)) return ordinalDot.has(language) ? 'ordinal' : 'none';
  if (/^\p{Lu}$/u.test(stem)) return 'initial';
  const key = stem.toLowerCase();
  const own = byLanguage[language] ?? none;
  if (own.open.has(key)) return 'open';
  if (own.closed.has(key)) return 'closed';
  if (language !== 'en' && /^(mr|mrs|ms|dr|prof)$/u.test(key)) return 'open';
  // Letters with stops between them (U.S.A., a.k.a.) are abbreviations in any language.
  if (/^\p{L}(\.\p{L})+$/u.test(stem)) return 'closed';
  return 'none';
}
