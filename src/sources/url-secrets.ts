import { createHash } from 'node:crypto';

/** Words in the name of a query parameter whose value lets its holder in. */
const secretWords = new Set(
  'sig signature hmac token accesstoken authtoken key apikey accesskey auth authorization secret pass passwd password pwd passphrase credential credentials session sessionid sid jwt ticket'.split(' '),
);
const passwords = new Set(['pass', 'passwd', 'password', 'pwd', 'passphrase']);
/** Identifiers of films are short; what is longer was made by a machine for one use. */
const longestPlainValue = 64;

/** Parameters that together sign an address for some hours, known by the one that holds the signature. They say nothing of what is named. */
const signings: readonly { by: RegExp; beside?: RegExp; all: RegExp }[] = [
  { by: /^x-amz-signature$/i, all: /^x-amz-/i },
  { by: /^x-goog-signature$/i, all: /^x-goog-/i },
  { by: /^signature$/i, beside: /^(key-pair-id|awsaccesskeyid|googleaccessid)$/i, all: /^(signature|expires|policy|key-pair-id|awsaccesskeyid|googleaccessid)$/i },
  { by: /^sig$/i, beside: /^se$/i, all: /^(sig|st|se|sp|sv|sr|spr|sip|si|skoid|sktid|skt|ske|sks|skv)$/i },
];

/** Stands for what was left out. */
const mark = '~';
const markedValue = /^~(?:[0-9a-f]{8})?$/;

/**
 * An address as it may be shown and stored, and its identity: without password and fragment, with the values of signatures and
 * passwords left out, and with those of keys and tokens replaced by a few digits of their hash, since they may be what tells one film
 * from another. A link signed anew is the same address.
 */
export function withoutSecrets(url: URL): string {
  const shown = new URL(url);
  if (url.username !== '' || url.password !== '') {
    shown.username = mark;
    shown.password = '';
  }
  shown.hash = '';
  const names = [...url.searchParams.keys()];
  const signing = signings.filter(({ by, beside }) => names.some((name) => by.test(name)) && (!beside || names.some((name) => beside.test(name))));
  // Part by part, so that the rest stays as it was typed.
  const parts = url.search.slice(1).split('&').map((part) => {
    const [[name, value] = ['', '']] = new URLSearchParams(part);
    if (signing.some(({ all }) => all.test(name))) return `${part.split('=')[0]}=${mark}`;
    if (value === '' || (!isSecret(name) && value.length <= longestPlainValue)) return part;
    return `${part.split('=')[0]}=${isPassword(name) || markedValue.test(value) ? mark : mark + digits(value)}`;
  });
  shown.search = parts.join('&');
  return shown.href;
}

/** Whether something that is needed to read the address was left out of it. */
export function isIncomplete(url: URL): boolean {
  return url.username === mark || [...url.searchParams].some(([name, value]) => (value === mark && (isSecret(name) || signings.some(({ all }) => all.test(name)))) || (value !== mark && markedValue.test(value)));
}

/** Whether the values of a parameter of this name are shown. */
export function isPlain(name: string, value: string): boolean {
  return !isSecret(name) && value.length <= longestPlainValue;
}

function isSecret(name: string): boolean {
  return wordsOf(name).some((word) => secretWords.has(word));
}

function isPassword(name: string): boolean {
  return wordsOf(name).some((word) => passwords.has(word));
}

/** `accessToken`, `access_token` → access, token. */
function wordsOf(name: string): string[] {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase().split(/[^a-z0-9]+/);
}

function digits(value: string): string {
  return createHash('sha256').update(value).digest('hex').slice(0, 8);
}
