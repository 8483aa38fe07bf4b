import twitterText from 'twitter-text';

/** Weighted length that a post may have. */
export const maxWeight = 280;

/**
 * Length of a text as X counts it: composed characters (NFC); 1 for Latin, Greek, Cyrillic, Arabic and most punctuation, 2 for the
 * rest; every emoji 2, however many code points it joins; every address 23. Counted by X's own library with its configuration 3.
 */
export function weightOf(text: string): number {
  return twitterText.parseTweet(text.normalize('NFC')).weightedLength;
}

/** Whether X would take the text, apart from who posted it before. */
export function isPostable(text: string): boolean {
  return twitterText.parseTweet(text.normalize('NFC')).valid;
}

/** Cashtags such as $ABC: the API takes one in a post. */
export function cashtagsIn(text: string): string[] {
  return twitterText.extractCashtags(text);
}

/** Addresses that X makes into links. */
export function addressesIn(text: string): string[] {
  return twitterText.extractUrls(text);
}
