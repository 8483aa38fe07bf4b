import { describe, expect, it } from 'vitest';
import { countFillers } from '../../src/text/fillers.js';
import { hashtagOf, keyPhrases } from '../../src/text/key-phrases.js';
import { danglingOpening, opensThread, outsideReferences, unnamedReference } from '../../src/text/openings.js';
import { announcesQuestion, isQuestion } from '../../src/text/questions.js';
import { findRetakes } from '../../src/text/retakes.js';
import { countDevice } from '../../src/text/rhetoric.js';
import { buildSentences } from '../../src/text/sentences.js';
import { displayWidth, shorten } from '../../src/text/shorten.js';
import { contentWords, wordsOf } from '../../src/text/words.js';
import { wordsOf as timed } from './words-of.js';

describe('words', () => {
  it('divides any script and keeps what carries content', () => {
    expect(wordsOf('It’s 3.5 litres — “really”.', 'en')).toEqual(["It's", '3.5', 'litres', 'really']);
    expect(contentWords('The bakeries were selling flour to the horses’ owners', 'en')).toEqual(['bakery', 'selling', 'flour', 'horse', 'owner']);
    expect(contentWords('結論を先に言うことです。', 'ja')).toContain('結論');
    expect(contentWords('これはそれです。', 'ja')).toEqual([]);
    expect(contentWords('Кошка сидит на окне', 'ru')).toEqual(['кошка', 'сидит', 'окне']);
    expect(wordsOf('hello', 'not-a-language')).toEqual(['hello']);
  });
});

describe('isQuestion', () => {
  it.each(['Why four?', 'How do you know what to cut, when everything feels important.', 'Thank you, how do you know what to cut', 'And what did they want?', '"Really?"', 'Did it change how you hire people'])('en: %s', (text) => {
    expect(isQuestion(text, 'en')).toBe(true);
  });
  it.each(['When we are nervous, we fill every gap.', 'What I mean is simple.', 'Block books, which were the first, came later.', 'Do not spend them saying sorry.', 'How hard it is.'])('en, none: %s', (text) => {
    expect(isQuestion(text, 'en')).toBe(false);
  });
  it.each(['では、どうすればいいのでしょうか。', 'これは何ですか', '行きませんか。', '本当？', 'うまくいくかな'])('ja: %s', (text) => {
    expect(isQuestion(text, 'ja')).toBe(true);
  });
  it.each(['見る人の心をつかめるかどうかが決まります。', '答えは簡単です。', 'そうですか。'])('ja, none: %s', (text) => {
    expect(isQuestion(text, 'ja')).toBe(false);
  });
  it('knows other marks and announced questions', () => {
    expect(isQuestion('لماذا؟', 'ar')).toBe(true);
    expect(isQuestion('¿Por qué?', 'es')).toBe(true);
    expect(announcesQuestion('I ask only one question.', 'en')).toBe(true);
    expect(announcesQuestion('We have time for a question.', 'en')).toBe(false);
  });
});

describe('openings', () => {
  it('tells continuations from pointers from fresh starts', () => {
    expect(danglingOpening('But thou, contracted', 'en')?.kind).toBe('hard');
    expect(danglingOpening('As you can see, it works', 'en')?.kind).toBe('hard');
    expect(danglingOpening('It was a loan.', 'en')?.kind).toBe('soft');
    expect(danglingOpening('Sofia went home.', 'en')).toBeNull();
    expect(danglingOpening('Andy went home.', 'en')).toBeNull();
    expect(danglingOpening('しかし、違います。', 'ja')?.kind).toBe('hard');
    expect(danglingOpening('それは違います。', 'ja')?.kind).toBe('soft');
    expect(danglingOpening('結論です。', 'ja')).toBeNull();
    expect(danglingOpening('Aber nein', 'de')?.kind).toBe('hard');
    expect(danglingOpening('Mutta', 'fi')).toBeNull();
  });

  it('sees references to what is not there and new threads', () => {
    expect(outsideReferences('As you can see, this slide shows it, as I said.', 'en')).toBe(3);
    expect(unnamedReference('Notice where she breathes.', 'en')).toBe(true);
    expect(unnamedReference('You can repeat it after hearing it once.', 'en')).toBe(true);
    expect(unnamedReference('My mother said she would come.', 'en')).toBe(false);
    expect(unnamedReference('How hard is it to stop?', 'en')).toBe(false);
    expect(opensThread('The third habit is rehearsing out loud.', 'en')).toBe(true);
    expect(opensThread('The third time, you will find it.', 'en')).toBe(false);
    expect(opensThread('さて、次の話です。', 'ja')).toBe(true);
  });
});

const find = (text: string, language = 'en') => findRetakes(buildSentences(timed(text), language), language).map(({ firstSentence, lastSentence }) => [firstSentence, lastSentence]);

describe('findRetakes', () => {
  it('finds announced new attempts with the broken attempt before', () => {
    expect(find('Astronauts read lists. The second, um, the second time you... sorry. Let me start that again. The second time you say a sentence it changes.')).toEqual([[1, 2]]);
    expect(find('We had ten. Sorry, let me say that again. We had twelve in all. Good.')).toEqual([[0, 1]]);
    expect(find('その 結果は すみません、もう一度 言い直します。 その 結果は 良い です。', 'ja')).toHaveLength(1);
  });

  it('finds sentences broken off and begun again', () => {
    expect(find('The whole point of a pause… The whole point of a pause is the listener. Fine.')).toEqual([[0, 0]]);
  });

  it('leaves repetition as a figure of speech alone', () => {
    expect(find('Nobody remembers numbers. Nobody remembers names. I have a dream. I have a dream that one day we win.')).toEqual([]);
    expect(find('Let me start with a story. We start again every morning.')).toEqual([]);
    expect(find('もう一度 見て みましょう。 次 です。', 'ja')).toEqual([]);
  });
});

describe('small counts', () => {
  it('counts hesitations and devices', () => {
    expect(countFillers('We say um, and you know, and basically.', 'en')).toBe(3);
    expect(countFillers('The drum and the humming bird', 'en')).toBe(0);
    expect(countFillers('えーと、それは、あのー、', 'ja')).toBe(2);
    expect(countDevice('contrast', 'Ask not what your country can do for you, ask what you can do.', 'en')).toBe(1);
    expect(countDevice('numbers', 'twelve million litres, 17.4 percent', 'en')).toBe(4);
    expect(countDevice('housekeeping', 'ありがとうございました。', 'ja')).toBe(1);
    expect(countDevice('strong', 'niemals', 'de')).toBe(0);
  });
});

describe('shorten', () => {
  it('shortens at words and commas, never after a word that leans on the next', () => {
    expect(shorten('Short enough', 60, 'en')).toBe('Short enough');
    expect(shorten('It is worth mention in passing that the earliest book printed', 40, 'en')).toBe('It is worth mention in passing…');
    expect(shorten('From fairest creatures we desire increase, that thereby beauty', 52, 'en')).toBe('From fairest creatures we desire increase…');
    const japanese = shorten('一番大切なのは、最初の三秒です。そこで見る人の心をつかめるかどうかが決まります', 40, 'ja');
    expect(displayWidth(japanese)).toBeLessThanOrEqual(40);
    expect(displayWidth(shorten('a'.repeat(200), 60, 'en'))).toBeLessThanOrEqual(60);
    expect(displayWidth('e\u0301日')).toBe(3);
  });
});

const flat = () => 1;

describe('key phrases', () => {
  it('takes nouns and terms, not verbs and fillers', () => {
    const phrases = keyPhrases('The silence is a tool. Use the silence. I remember the silence, and swimming pools, five swimming pools.', 'en', flat, 3).map((phrase) => phrase.text);
    expect(phrases).toContain('silence');
    expect(phrases).toContain('swimming pools');
    expect(phrases).not.toContain('remember');
    expect(keyPhrases('結論を先に言うことです。結論が大事です。', 'ja', flat, 2)[0]!.text).toBe('結論');
  });

  it('makes hashtags that platforms accept', () => {
    expect(hashtagOf({ words: ['swimming', 'pools'] })).toBe('#SwimmingPools');
    expect(hashtagOf({ words: ["beauty's"] })).toBe('#beautys');
    expect(hashtagOf({ words: ['12'] })).toBeNull();
    expect(hashtagOf({ words: ['—'] })).toBeNull();
    expect(hashtagOf({ words: ['沈黙'] })).toBe('#沈黙');
  });
});
