const list = (words: string): ReadonlySet<string> => new Set(words.split(' '));

/** Words that say little on their own: grammar words and the commonest verbs and adverbs of speech. */
const byLanguage: Readonly<Record<string, ReadonlySet<string>>> = {
  en: list(
    "a an the this that these those some any no not none each every either neither both all most many much more less few several such own same other another else one ones two " +
      'i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers herself it its itself they them their theirs themselves who whom whose which what when where why how whoever whatever whenever wherever thou thee thy thine ' +
      'and or but nor so yet for because since although though while if unless until than as whether then thus hence therefore however moreover ' +
      'of in on at to from by with without within into onto upon about above across after against along among around before behind below beneath beside besides between beyond down during except inside like near off out outside over past per through throughout toward towards under up via ' +
      'am is are was were be been being do does did doing done have has had having will would shall should can could may might must ought need dare let lets ' +
      "i'm you're he's she's it's we're they're i've you've we've they've i'd you'd he'd she'd we'd they'd i'll you'll he'll she'll it'll we'll they'll isn't aren't wasn't weren't don't doesn't didn't haven't hasn't hadn't won't wouldn't can't cannot couldn't shouldn't mustn't let's that's there's here's what's who's " +
      'very really quite rather just only even still also too again ever never always often sometimes usually already almost maybe perhaps actually basically simply well now here there today yes no ok okay oh um uh er hmm yeah please thank thanks sorry hello hi welcome ' +
      'get gets got getting gotten go goes going gone went come comes coming came make makes making made take takes taking took taken give gives giving gave given put puts say says saying said tell tells told know knows knowing knew known think thinks thinking thought see sees seeing saw seen look looks looking looked want wants wanted use uses used using find finds found keep keeps kept mean means meant seem seems seemed become became becomes begin begins began start starts started try tries tried call calls called feel feels felt talk talks ' +
      'thing things something anything everything nothing someone anyone everyone nobody somebody anybody everybody lot lots bit kind sort way ways time times good great big little new old first last next right left able much enough half part point people person whole average half back certain entirely important simple actually different ready full ill mr mrs ms dr',
  ),
  ja: list(
    'これ それ あれ どれ この その あの どの ここ そこ あそこ どこ こう そう ああ どう こちら そちら もの こと とき ところ ため よう はず わけ つもり まま ほう 方 人 今 今日 何 誰 私 僕 俺 あなた 皆 皆さん みなさん 自分 彼 彼女 ' +
      'する します した して しない なる なります なった なって ある あります あった いる います いた いて できる できます 言う 言い 言っ 思う 思い 思っ 思います 見る 見 来る 行く いく くる くれる もらう あげる しまう ください いただき いただく くださる お話し 話し 後 前 中 上 下 次 一つ ひとつ 二つ 一番 最後 最初 本当 とても すごく たくさん 少し ちょっと もっと まず また そして しかし でも だから では じゃあ それから さて ところで つまり 例えば たとえば ' +
      'ありがとう ありがとうございます ございます おはよう こんにちは こんばんは お願い よろしく すみません はい いいえ ええ さん 君 ちゃん 的 化 者 回 度 目 年 月 日 時 分 秒 簡単 大切 必要 場合 以上 以下',
  ),
  de: list(
    'der die das den dem des ein eine einer eines einem einen kein keine und oder aber denn weil dass ob wenn als wie so nicht noch nur auch schon sehr mehr viel ich du er sie es wir ihr mich dich ihn uns euch mir dir ihm ihnen mein dein sein unser euer dieser diese dieses jener was wer wo wann warum in im an am auf aus bei mit nach von vom vor zu zum zur über unter durch für gegen ohne um zwischen ist sind war waren bin bist sein wird werden wurde hat haben hatte kann können konnte muss müssen soll sollen will wollen darf man sich hier da dort dann jetzt immer wieder ja nein doch mal eben halt also ganz gut alle alles etwas nichts machen macht gemacht gehen geht sagen sagt gesagt',
  ),
  fr: list(
    "le la les l un une des du de d et ou mais car donc ni que qui quoi dont où quand comment pourquoi si comme ne pas plus moins très trop aussi encore déjà toujours jamais je tu il elle on nous vous ils elles me te se lui leur y en mon ton son ma ta sa mes tes ses notre votre nos vos ce cet cette ces cela ça c j n s m t qu à au aux dans sur sous avec sans pour par entre vers chez est sont était étaient être été ai as a avons avez ont avait fait faire fais peut peuvent doit dit dire va vont aller bien tout tous toute toutes rien quelque chose alors puis voilà oui non ici là",
  ),
  es: list(
    'el la los las un una unos unas lo y e o u pero porque que quien qué quién cual cuál donde dónde cuando cuándo como cómo si no ni ya más menos muy también tampoco siempre nunca yo tú él ella nosotros vosotros ellos ellas usted ustedes me te se le les nos os mi tu su mis tus sus nuestro nuestra este esta esto estos estas ese esa eso aquel de del a al en con sin por para sobre entre hasta desde hacia es son era eran ser sido soy está están estaba estar he ha han había haber hay hacer hace hizo puede pueden poder tiene tienen tener va van ir dice decir todo todos toda todas algo nada alguien cosa cosas bien bueno entonces pues así aquí ahí',
  ),
  it: list(
    'il lo la i gli le l un uno una e ed o ma perché che chi cui quale dove quando come se non né già più meno molto anche sempre mai io tu lui lei noi voi loro mi ti si ci vi ne mio tuo suo nostro vostro questo questa questi queste quello quella di del della dei delle dello a al alla ai alle da dal dalla in nel nella con su sul sulla per tra fra è sono era erano essere stato ho hai ha abbiamo hanno avere fare fa fatto può possono deve dice dire va andare tutto tutti tutta qualcosa niente cosa cose bene allora poi così qui lì sì no',
  ),
  pt: list(
    'o a os as um uma uns umas e ou mas porque que quem qual onde quando como se não nem já mais menos muito também sempre nunca eu tu ele ela nós vós eles elas você vocês me te lhe nos meu teu seu minha sua nosso este esta isto esse essa isso aquele de do da dos das a ao à em no na nos nas com sem por pelo pela para sobre entre até desde é são era eram ser sido está estão estava estar tem têm ter tinha há fazer faz fez pode podem vai vão ir diz dizer tudo todos toda algo nada alguém coisa coisas bem então assim aqui ali sim não',
  ),
};

const empty: ReadonlySet<string> = new Set();

/** Stop words of a language in lower case; empty for a language without a list (callers then go by word length). */
export function stopWords(language: string): ReadonlySet<string> {
  return byLanguage[language] ?? empty;
}

/** Whether `stopWords` has a list for the language. */
export function hasStopWords(language: string): boolean {
  return language in byLanguage;
}

/** Common adjectives and verbs: they carry content in a sentence but say nothing as a tag. */
const genericByLanguage: Readonly<Record<string, ReadonlySet<string>>> = {
  en: list(
    'add agree allow appear arrive ask become begin believe belong break bring build buy bought carry catch cause change choose close closed consider continue cost count cover create cry cried cut decide depend describe develop die differ drink drive drop eat end enjoy enter exist expect explain fail failed fall fill finish follow forget forgive grow happen hate hear heard help hide hit hold hope hurt imagine improve include keep kill lead learn learned leave lift like listen listening live lose lost love manage matter meet miss missed move need nod nodded notice offer open order own pass pay paid pick place plan play prefer prepare produce promise prove provide pull push raise reach read realise realize receive remember remembered repeat reply require rest return run runs sell send serve set share show shut sing sit sleep speak spend stand stay stop stopped suggest suppose teach touch travel trust turn turned understand understood wait wake walk wanted warm watch wear win wish wonder work worked worry write wrote ' +
      'afraid alive alone angry bad beautiful best better big bright broad busy careful cheap clean clear close cold common cool dark dead deep difficult dry early easy empty equal exact expensive false familiar famous fast favourite fine firm flat free fresh friendly full funny general glad happy hard hardest heavy high honest hot huge hungry impossible interesting kind large late lazy light likely little long loud low lovely main middle modern narrow natural near necessary nervous nice normal obvious odd plain poor possible pretty private proper proud quick quiet rare real recent rich rough round sad safe serious sharp short sick similar slow small smart smooth soft special strange strong sudden sweet tall terrible thick thin tiny tired total true typical unlikely usual various warm weak wet wide wild wise wonderful worse worst wrong young extra twice single ' +
      'day days week weeks month months year years hour hours minute minutes second seconds moment today tomorrow yesterday tonight morning afternoon evening night january february march april june july august september october november december monday tuesday wednesday thursday friday saturday sunday hundred thousand million billion percent three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety third fourth fifth self thyself mine name names side top bottom end rest case fact reason example ahead away loud later',
  ),
  ja: list('長い 短い 大きい 小さい 新しい 古い 高い 低い 早い 遅い 良い 悪い 多い 少ない 強い 弱い 先 先に 間 合 会 伝え 決まり 作り 作り方 見方 使い 使い方 出 入り 手 目 一言 次回 前回 今回 全部 全体 部分 最近 毎日 昨日 明日 時間 自体 以外 関係 問題 感じ 気 話 話し 言葉'),
};

/** Words of content that make no tag; empty for a language without a list. */
export function genericWords(language: string): ReadonlySet<string> {
  return genericByLanguage[language] ?? empty;
}
