const byLanguage: Readonly<Record<string, RegExp>> = {
  en: /(?<![\p{L}'])(u+m+|u+h+|e+r+m*|h+m+|mm+|you know|i mean|basically|sort of|kind of|or something)(?![\p{L}'])/giu,
  ja: /(えーっ?と|えっと|ええと|えー+|あのー+|あのう|そのー+|うーん|まあ、|なんか)/gu,
  de: /(?<!\p{L})(ä+h+m?|hm+|sozusagen|quasi)(?!\p{L})/giu,
  fr: /(?<!\p{L})(eu+h+|ben|genre|du coup)(?!\p{L})/giu,
  es: /(?<!\p{L})(e+h+|em+|o sea|este\.\.\.)(?!\p{L})/giu,
  it: /(?<!\p{L})(e+h+m?|cioè|tipo,)(?!\p{L})/giu,
  pt: /(?<!\p{L})(é+h+|hum+|tipo,|né)(?!\p{L})/giu,
};
const anyLanguage = /(?<!\p{L})(u+m+|u+h+|h+m+|mm+)(?!\p{L})/giu;

/** How many hesitations ("um", "you know", えーと) a text has. Other languages: the sounds only. */
export function countFillers(text: string, language: string): number {
  return [...text.matchAll(byLanguage[language] ?? anyLanguage)].length;
}
