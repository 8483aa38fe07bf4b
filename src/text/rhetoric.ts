const byLanguage: Readonly<Record<string, { strong: RegExp; contrast: RegExp; address: RegExp; numbers: RegExp; quotes: RegExp; housekeeping: RegExp }>> = {
  en: {
    strong: /\b(never|nobody|no one|nothing|always|every|everyone|everybody|only|most|hardest|best|worst|biggest|first|secret|mistakes?|wrong|truth|problem|why|stop|don't|do not|must|cannot|can't|impossible|surpris\w+|afraid|fear|love|hate|free|costs? nothing|nearly|almost everything)\b/giu,
    contrast: /\bnot\b[^.?!]{2,60}[,;.]? ?\b(but|it is|it's|he is|she is|ask)\b|\b(instead|rather than|whereas|unlike|on the contrary|opposite|however|although|even when|even though)\b|, (but|not)\b|(?<=[.?!] )(but)\b|\bnobody\b[^?!]{3,60}\beverybody\b/giu,
    address: /\b(you|your|yours|yourself)\b/giu,
    numbers: /\b\d[\d.,]*\b|\b(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?|percent|half|twice|double)\b/giu,
    quotes: /["“”][^"“”]{8,}["“”]|\b(he|she|they|i|people|we) (said|say|says|told|call|calls|called|asked)\b/giu,
    housekeeping: /\b(thank you|thanks)\b|\b(welcome (back|to|everyone)|good (morning|afternoon|evening)|hello|subscribe|like and|hit the bell|any questions|time for (a|one|some) questions?|go ahead|one more, if i may|next slide|can (everyone|you|everybody) (see|hear) (me|my)|see you (next|soon)|my name is)\b/giu,
  },
  ja: {
    strong: /(一番|最も|絶対|必ず|決して|誰も|すべて|全て|秘密|実は|間違い|失敗|本当|驚|たった|だけ|しか|唯一|初めて|最初|最高|最悪|無料|簡単|大切|重要)/gu,
    contrast: /(ではなく|じゃなく|しかし|けれど|ですが|逆に|一方|のに|むしろ|反対に|でも、)/gu,
    address: /(あなた|皆さん|みなさん|皆様|君たち)/gu,
    numbers: /[\d０-９]+|[二三四五六七八九十百千万億]+(つ|人|個|年|月|日|時間|分|秒|回|倍|割|円|歳|枚|本|%|パーセント)/gu,
    quotes: /[「『][^」』]{4,}[」』]|(と言|って言|と話し|と聞)/gu,
    housekeeping: /(ありがとうございま|おはようございます|こんにちは|こんばんは|チャンネル登録|高評価|よろしくお願い|ご視聴|次回|また(お会い|会い)|さようなら|それでは(また|失礼))/gu,
  },
};
const anyLanguage = { strong: null, contrast: null, address: null, numbers: /\p{N}[\p{N}.,]*/gu, quotes: /["“”«»„][^"“”«»„]{8,}["“”«»]/gu, housekeeping: null };

export type Device = keyof (typeof byLanguage)[string];

/**
 * How often a text uses a device of speech: `strong` words that make a claim, `contrast`, `address` of the listener, `numbers`,
 * `quotes`, and `housekeeping` (greetings, thanks, "next slide"). English and Japanese are known; elsewhere only what
 * needs no words (figures, quotation marks) counts.
 */
export function countDevice(device: Device, text: string, language: string): number {
  const pattern = (byLanguage[language] ?? anyLanguage)[device];
  return pattern ? [...text.matchAll(pattern)].length : 0;
}
