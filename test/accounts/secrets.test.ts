import { PassThrough } from 'node:stream';
import { assert, property, string, stringMatching } from 'fast-check';
import { expect, it } from 'vitest';
import { SnvgError } from '../../src/errors.js';
import { LostReply, PlatformFault } from '../../src/publishers/faults.js';
import { guardOutput, holdsSecret, isSecretVariable, keepSecret, keepSecretsOf, redacted, writeSecret } from '../../src/secrets.js';

const secretText = stringMatching(/^[A-Za-z0-9!$%&'()*+,./:;<=>?@[\]^_{|}~ "\\-]{12,60}$/).filter((text) => text.trim().length >= 12);

it('no encoding of a secret survives: raw, JSON, URL, form, hex, base64 and base64url at any place in what is encoded', () => {
  assert(
    property(secretText, string({ maxLength: 7 }), string({ maxLength: 7 }), (secret, before, after) => {
      keepSecret(secret);
      // Without its edges a secret is still one: base64 shares the bits of its first and last bytes with what stands beside it.
      const core = secret.slice(3, -3);
      const bytes = Buffer.from(before + secret + after);
      const inHex = Buffer.from(core).toString('hex');
      for (const text of [
        before + secret + after,
        JSON.stringify({ [before]: secret }),
        `https://example.org/?a=${encodeURIComponent(secret)}`,
        new URLSearchParams({ token: secret }).toString(),
      ]) {
        const shown = redacted(text);
        expect(shown).toContain('[redacted]');
        expect(shown).not.toContain(secret);
      }
      expect(redacted(bytes.toString('hex'))).not.toContain(inHex);
      const decodings = [redacted(bytes.toString('base64')), redacted(bytes.toString('base64url'))].flatMap((shown) => shown.split('[redacted]').map((part) => Buffer.from(part, 'base64').toString('latin1')));
      for (const decoded of decodings) expect(decoded).not.toContain(Buffer.from(core).toString('latin1'));
    }),
    { numRuns: 100 },
  );
});

it('a secret that begins with another one is taken out whole, and short words are left alone', () => {
  keepSecret('prefix-secret', 'prefix-secret-and-more', 'short', undefined, null, '');
  expect(redacted('a prefix-secret-and-more b short c')).toBe('a [redacted] b short c');
});

it('of more secrets than are kept those are known that were seen last, also when they were first seen long ago', () => {
  const [first = '', second = '', ...others] = Array.from({ length: 600 }, (_, index) => `one-of-many-${String(index).padStart(4, '0')}`);
  for (const one of [first, second, ...others]) {
    keepSecret(one, first);
    expect(redacted(`a ${one} b`)).toBe('a [redacted] b');
  }
  expect(redacted(first)).toBe('[redacted]');
  expect(redacted(second)).toBe(second);
  for (const one of others.slice(-150)) expect(redacted(one)).toBe('[redacted]');
});

it('errors, faults and lost replies hold no secret from the moment they are made', () => {
  keepSecret('token-in-an-error');
  const error = new SnvgError('REMOTE_REFUSED', 'it said token-in-an-error', 'do not use token-in-an-error');
  expect([error.message, error.remedy]).toEqual(['it said [redacted]', 'do not use [redacted]']);
  const fault = new PlatformFault('auth', { code: 'x', message: 'token-in-an-error', remedy: 'token-in-an-error' });
  expect([fault.message, fault.remedy, new LostReply('token-in-an-error').message]).toEqual(['[redacted]', '[redacted]', '[redacted]']);
});

it('a guarded stream passes no secret, as text or bytes, and other bytes as they are', () => {
  keepSecret('guarded-secret');
  const stream = new PassThrough();
  guardOutput(stream);
  guardOutput(stream);
  stream.write('text guarded-secret é\n');
  stream.write(Buffer.from([0xff, ...Buffer.from('guarded-secret'), 0xfe]));
  writeSecret(stream, 'on purpose: guarded-secret');
  expect(stream.read()).toEqual(Buffer.concat([Buffer.from('text [redacted] é\n'), Buffer.from([0xff]), Buffer.from('[redacted]'), Buffer.from([0xfe]), Buffer.from('on purpose: guarded-secret')]));
});

it('the environment’s secrets are known by their variables', () => {
  keepSecretsOf({ SNVG_X_WORK_REFRESH_TOKEN: 'refresh-from-env', SNVG_VAULT_PASSPHRASE: 'correct horse', SNVG_X_CONSUMER_KEY: 'consumer-key-1', SNVG_OUTPUT: 'harmless-folder' });
  expect(redacted('refresh-from-env correct horse consumer-key-1 harmless-folder')).toBe('[redacted] [redacted] [redacted] harmless-folder');
  expect(['SNVG_X_CLIENT_ID', 'SNVG_HOME', 'PATH'].some(isSecretVariable)).toBe(false);
  expect(holdsSecret('SNVG_QUEUE', 'rediss://worker:s3cret-word@redis.example:6380')).toBe(true);
  expect(holdsSecret('SNVG_QUEUE', 'redis://127.0.0.1:6379') || holdsSecret('HTTP_PROXY', 'http://a:b@proxy')).toBe(false);
});
