import { wordsOf } from './words.js';

const whWords = /^(what|who|whom|whose|which|when|where|why|how)$/u;
const auxiliaries = /^(do|does|did|is|are|was|were|am|can|could|will|would|shall|should|may|might|must|have|has|had|don't|doesn't|didn't|isn't|aren't|wasn't|won't|wouldn't|can't|couldn't|shouldn't|haven't|hasn't)$/u;
const subjects = /^(i|you|he|she|it|we|they|there|that|this|these|those|the|a|an|your|our|my|his|her|their|anyone|anybody|everyone|everybody|someone|people|one|any|some)$/u;

/**
 * Whether a sentence asks. A question mark decides in every language; recognised speech often lacks it, so English
 * inversion ("How do you …", "Did it …") and Japanese endings (～か, でしょうか, かな, ～の？) count too.
 */
export function isQuestion(text: string, language: string): boolean {
  const trimmed = text.replace(/[\p{Pe}\p{Pf}"'”’»\s]+$/u, '');
  if (/[?？؟;՞፧]$/u.test(trimmed) && !/[A-Za-z];$/u.test(trimmed)) return true;
  if (language === 'ja') return isJapaneseQuestion(trimmed);
  if (language === 'en') return isInverted(trimmed);
  return false;
}

function isJapaneseQuestion(text: string): boolean {
  const bare = text.replace(/[。．.!！]+$/u, '');
  if (/(そうですか|なるほどですか|ありがとう)$/u.test(bare)) return false;
  return /((です|ます|ました|でした|ません|でしょう|だろう|ましょう|ない|たい|のだろう|のでしょう|んです)か(ね|な)?|かな|かしら|(なに|何|どう|なぜ|誰|どこ|いつ)(なの|なん)?(か|だ)?)$/u.test(bare);
}

function isInverted(text: string): boolean {
  const [first = '', second = ''] = text.split(/(?<=[,.;:])\s+/u);
  if (startsInverted(first, true)) return true;
  // "Thank you, how do you …": a few words may stand before it. Further in, "which were the …" is a relative clause.
  return wordsOf(first, 'en').length <= 3 && startsInverted(second, false);
}

function startsInverted(clause: string, relative: boolean): boolean {
  const words = wordsOf(clause, 'en').map((word) => word.toLowerCase());
  if (words.length > 25) return false;
  const lead = /^(and|but|so|well|okay|ok|now|then|or)$/u.test(words[0] ?? '') ? 1 : 0;
  const [first = '', second = '', third = '', fourth = ''] = words.slice(lead);
  const asks = relative ? whWords : /^(what|how|why)$/u;
  if (asks.test(first) && auxiliaries.test(second) && subjects.test(third)) return true;
  if (/^(what|how)$/u.test(first) && auxiliaries.test(third) && subjects.test(fourth)) return true;
  return auxiliaries.test(first) && /^(you|they|we|he|she|it|there|anyone|anybody|everyone)$/u.test(second) && /[^.!…]$/u.test(clause);
}

/** Whether the sentence tells of a question that follows ("I ask only one question."), so what follows is quoted, not asked. */
export function announcesQuestion(text: string, language: string): boolean {
  if (language === 'ja') return /(質問|問い)(です|があります|をします|しました|はこう|は一つ)|(聞|訊|尋ね)(きます|ます|きました|いた)/u.test(text);
  if (language !== 'en') return text.trim().endsWith(':');
  return /\b(i|we|he|she|they|you|people|who)\b[^.?!]*\b(ask|asks|asked|asking|wonder|wondered)\b/iu.test(text) || /\b(the|this|one|my|only|simple) question (is|was|i|we)\b/iu.test(text) || text.trim().endsWith(':');
}
