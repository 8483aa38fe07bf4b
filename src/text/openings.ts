/**
 * First words that lean on something said before. `hard`: the sentence is a continuation. `soft`: it points back
 * (a pronoun), which may be fine when the thing is named in the same sentence.
 */
interface Openings {
  hard: RegExp;
  soft: RegExp;
}

const byLanguage: Readonly<Record<string, Openings>> = {
  en: {
    hard: /^(and|but|so|or|nor|because|also|then|which|whereas|therefore|however|otherwise|instead|plus|besides|anyway|either way|in other words|that's why|that is why|this is why|as you can see|as i said|as i mentioned|as we saw|like i said|exactly|completely|right|yes|no|yeah|yep|nope|honestly|absolutely|of course|sure|correct|unless|everything else|the same|the other|likewise|similarly|another one|too|for example|for instance)\b(?!-)/iu,
    soft: /^(he|she|it|they|him|her|them|his|its|their|this|that|these|those|such|there|here)\b/iu,
  },
  ja: {
    hard: /^(そして|それで|それから|でも|しかし|だから|ですから|なので|けれど|けど|だけど|また|さらに|つまり|すると|ただ|ただし|しかも|なぜなら|例えば|たとえば|はい|いいえ|ええ|そうです|その通り|そのため|それに|そこで|一方|ちなみに|要するに|先ほど|さっき|ご覧のように|ご覧の通り|それでは)/u,
    soft: /^(これ|それ|あれ|この|その|あの|こう|そう|ここ|そこ|彼|彼女)/u,
  },
  de: { hard: /^(und|aber|oder|denn|also|dann|deshalb|deswegen|trotzdem|außerdem|weil|ja|nein|genau|sonst)\b/iu, soft: /^(er|sie|es|das|dies|diese|dieser|dieses|die da|da)\b/iu },
  fr: { hard: /^(et|mais|ou|donc|car|alors|puis|ensuite|parce que|oui|non|exactement|aussi|sinon)\b/iu, soft: /^(il|elle|ils|elles|cela|ça|c'|ce|cette|ces|celui|celle)\b/iu },
  es: { hard: /^(y|pero|o|así que|entonces|porque|luego|además|sí|no|exacto|también|pues)\b/iu, soft: /^(él|ella|ellos|ellas|esto|eso|este|esta|ese|esa)\b/iu },
  it: { hard: /^(e|ma|o|quindi|allora|perché|poi|inoltre|sì|no|esatto|anche|però)\b/iu, soft: /^(lui|lei|loro|questo|questa|quello|quella|ciò)\b/iu },
  pt: { hard: /^(e|mas|ou|então|porque|depois|além disso|sim|não|exato|também|pois)\b/iu, soft: /^(ele|ela|eles|elas|isto|isso|este|esta|esse|essa)\b/iu },
};

/** The words a sentence begins with that lean on something before it, or null. Languages without a list give null. */
export function danglingOpening(text: string, language: string): { words: string; kind: 'hard' | 'soft' } | null {
  const bare = text.replace(/^[\p{Ps}\p{Pi}"'“‘«¿¡…\s]+/u, '');
  const openings = byLanguage[language];
  if (!openings) return null;
  const hard = openings.hard.exec(bare);
  if (hard) return { words: hard[0], kind: 'hard' };
  const soft = openings.soft.exec(bare);
  return soft ? { words: soft[0], kind: 'soft' } : null;
}

/** Words that need the picture or an earlier passage to be understood ("this slide", "as I said"); how many a text has. */
export function outsideReferences(text: string, language: string): number {
  const pattern =
    language === 'ja'
      ? /(このスライド|この図|このグラフ|先ほど|さきほど|前回|ご覧のよう|こちらをご覧)/gu
      : /\b(this|that|the next|the previous) (slide|chart|graph|picture|diagram|figure|table)\b|\bas (i|we) (said|mentioned|saw|discussed)\b|\b(as you can see|earlier|previously|last (week|time|chapter)|over here|on the (left|right))\b/giu;
  return [...text.matchAll(pattern)].length;
}

const person = /\b(he|she|him|her|his|hers)\b/iu;
/** "Repeat it", but not "is it", "when it" or "make it", which need nothing named. */
const thing = /(?<!\b(?:is|was|does|did|do|will|would|can|could|should|and|but|so|or|if|when|as|because|that|what|how|why|where|has|had|make|makes|made|find|take|takes) )(?<=\p{L} )\bit\b/iu;
const named = /\b(a|an|the|my|our|your|every|each|some|no) \p{L}+|\b(somebody|someone|something|anybody|anyone|anything|everybody|everyone|everything|nobody|nothing|who)\b/iu;
const name = /(?<=\P{L}\s?)\p{Lu}\p{Ll}+/u;

/** Whether a sentence speaks of "she" or "it" before it has named anything, so that a listener who begins here is lost. English only. */
export function unnamedReference(text: string, language: string): boolean {
  if (language !== 'en') return false;
  const at = [person, thing].map((pattern) => pattern.exec(text)?.index).filter((index) => index !== undefined);
  return at.some((index) => !named.test(text.slice(0, index)) && !name.test(text.slice(0, index)));
}

/** Whether a sentence opens a new thread by itself: "The third habit …", "Now let us …", "さて、…", so that earlier talk ends before it. */
export function opensThread(text: string, language: string): boolean {
  const bare = text.replace(/^[\p{Ps}\p{Pi}"'“‘«\s]+/u, '');
  if (language === 'ja') return /^(さて|次に|続いて|ところで|では次|第[一二三四五\d]|[一二三四五\d]つ目|最後に)/u.test(bare);
  if (language !== 'en') return false;
  return /^(the|my|our|a|and a|and the) (second|third|fourth|fifth|sixth|seventh|next|last|final|other) (?!time|half|day|year|one\b)|^(now,? let|let us|let's|next,|finally,|lastly,|first of all|number (one|two|three|four|five|\d)|moving on|(so,? )?to (sum|wrap) up|in (summary|conclusion))/iu.test(bare);
}
