import { finderOf, headChars } from './secret-finder.js';

/**
 * Every secret this process has seen, so that none of them leaves it by an output, a log, an event or an error's text, whatever had
 * it in hand. What is shorter than `shortestChars` is not kept: taking it out would tear ordinary words.
 */
const shortestChars = headChars;
/** Those seen last: a process that renews tokens for weeks need not remember the dead ones. */
const mostSecrets = 200;
const mark = '[redacted]';

const secrets = new Map<string, readonly string[]>();
/** Made when it is first needed after a change. */
let withoutSecrets: ReturnType<typeof finderOf> | undefined;

/** Remembers a secret for `redacted`. Absent and very short ones are passed over. */
export function keepSecret(...values: readonly (string | null | undefined)[]): void {
  for (const value of values) {
    if (!value || value.length < shortestChars) continue;
    const known = secrets.get(value);
    secrets.delete(value);
    secrets.set(value, known ?? formsOf(value));
    if (known) continue;
    const [oldest] = secrets.keys();
    if (secrets.size > mostSecrets && oldest !== undefined) secrets.delete(oldest);
    withoutSecrets = undefined;
  }
}

/** Variables of snvg that hold secrets, by their names. */
const secretVariable = /^SNVG_.*(TOKEN|SECRET|PASSPHRASE|PASSWORD|CONSUMER_KEY)$/;

/** Whether an environment variable of this name holds a secret of snvg's. */
export function isSecretVariable(name: string): boolean {
  return secretVariable.test(name);
}

/** The password in an address, as it stands there. */
const passwordInAddress = /^[a-z][a-z0-9+.-]*:\/\/[^/@\s]*?:([^/\s]+)@/i;

/** Whether an environment variable is to be given to no child process: it holds a secret of snvg's, or an address with a password in it. */
export function holdsSecret(name: string, value: string | undefined): boolean {
  return isSecretVariable(name) || (name.startsWith('SNVG_') && value !== undefined && passwordInAddress.test(value));
}

/** Remembers what the environment holds, before anything can fail. */
export function keepSecretsOf(env: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(env)) {
    if (isSecretVariable(name)) keepSecret(value);
    else if (name.startsWith('SNVG_') && value !== undefined) keepSecret(passwordInAddress.exec(value)?.[1]);
  }
}

/** The text without the secrets in it, also where they stand URL-encoded, in base64, in hex or escaped as in JSON. */
export function redacted(text: string): string {
  if (secrets.size === 0) return text;
  withoutSecrets ??= finderOf([...secrets.values()].flat());
  return withoutSecrets(text, mark);
}

interface TextStream {
  write(chunk: string | Uint8Array, ...rest: never[]): boolean;
}

const unguarded = new WeakMap<object, TextStream['write']>();

/** Takes secrets out of whatever is written to a stream from now on. A secret must not be split over two writes. */
export function guardOutput(stream: TextStream): void {
  if (unguarded.has(stream)) return;
  const write = stream.write.bind(stream);
  unguarded.set(stream, write);
  stream.write = (chunk, ...rest) => write(guarded(chunk), ...rest);
}

/** latin1 keeps every byte as it is, and secrets are found in it as far as they are ASCII. */
function guarded(chunk: string | Uint8Array): string | Uint8Array {
  if (secrets.size === 0) return chunk;
  return typeof chunk === 'string' ? redacted(chunk) : Buffer.from(redacted(Buffer.from(chunk).toString('latin1')), 'latin1');
}

/** Writes a secret on purpose: what a person asked to see. */
export function writeSecret(stream: TextStream, text: string): void {
  const write = unguarded.get(stream);
  if (write) write(text);
  else stream.write(text);
}

/** Writes bytes as they are: those of a protocol between two snvgs, which no secret is part of. Others that write to the stream must not. */
export function writeUnguarded(stream: TextStream, bytes: Uint8Array, done: (error?: Error | null) => void): void {
  const write = unguarded.get(stream) ?? stream.write.bind(stream);
  (write as (chunk: Uint8Array, done: (error?: Error | null) => void) => boolean)(bytes, done);
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const forms = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), new URLSearchParams({ '': secret }).toString().slice(1), bytes.toString('hex')];
  for (const lead of [0, 1, 2]) {
    const inner = innerBase64(bytes, lead);
    forms.push(inner, inner.replaceAll('+', '-').replaceAll('/', '_'), encodeURIComponent(inner));
  }
  return forms.filter((form) => form.length >= shortestChars);
}

/** What base64 makes of the bytes when `lead` bytes modulo 3 stand before them, without the characters that share bits with neighbours. */
function innerBase64(bytes: Uint8Array, lead: number): string {
  const whole = Buffer.concat([Buffer.alloc(lead), bytes]).toString('base64').replace(/=+$/, '');
  const mixedAtStart = lead === 0 ? 0 : lead + 1;
  const mixedAtEnd = (lead + bytes.length) % 3 === 0 ? 0 : 1;
  return whole.slice(mixedAtStart, whole.length - mixedAtEnd);
}
