import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { serveStandIns } from '../../src/sandbox/server.js';
import type { StandInAnswer, StandInRequest } from '../../src/sandbox/stand-in.js';
import { YoutubeStandIn } from '../../src/sandbox/youtube/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { snvgBin } from '../wrong-inputs/run-snvg.js';

/** YouTube that keeps note of every secret it gives out, and can be made to repeat what it was sent in its errors. */
class TalkativeYoutube extends YoutubeStandIn {
  readonly secrets = new Set<string>();
  repeats = false;

  override async handle(request: StandInRequest): Promise<StandInAnswer> {
    if (this.repeats) {
      const sent: Uint8Array[] = [];
      for await (const chunk of request.body()) sent.push(chunk);
      const heard = `${request.headers['authorization'] ?? ''} ${Buffer.concat(sent).toString('latin1').slice(0, 4_000)}`;
      return request.url.host === 'oauth2.googleapis.com'
        ? { status: 400, body: { error: 'invalid_request', error_description: `you sent ${heard}` } }
        : { status: 400, body: { error: { code: 400, message: `you sent ${heard}`, errors: [{ domain: 'youtube', reason: 'invalidVideoMetadata', message: `you sent ${heard}` }] } } };
    }
    const answer = await super.handle(request);
    const { access_token: access, refresh_token: refresh } = (typeof answer.body === 'object' ? answer.body : {}) as Record<string, unknown>;
    for (const token of [access, refresh]) if (typeof token === 'string') this.secrets.add(token);
    const code = new URL(answer.headers?.['location'] ?? 'http://none').searchParams.get('code');
    if (code !== null) this.secrets.add(code);
    return answer;
  }
}

/** What of a secret may not be found: as it is, URL-encoded, in hex, and in base64 at any of its three places. */
function traces(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const inBase64 = [0, 1, 2].map((lead) => Buffer.concat([Buffer.alloc(lead), bytes]).toString('base64').replace(/=+$/, '').slice(lead === 0 ? 0 : 4, -2));
  return [secret, encodeURIComponent(secret), bytes.toString('hex'), ...inBase64, ...inBase64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))];
}

function filesUnder(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []));
}

const clientSecret = 'GOCSPX-the client’s/secret+1';
const passphrase = 'correct horse & battery/staple';

it('logins and their failures leave no secret in any output, log, file or crash', async () => {
  const youtube = new TalkativeYoutube({ nowMs: () => Date.now() });
  const sandbox = await serveStandIns({ standIns: [youtube] });
  onTestFinished(() => sandbox.close());
  const root = temporaryFolder();
  const cwd = join(root, 'work');
  mkdirSync(cwd);
  const said: { args: string; exitCode: number | null; text: string }[] = [];
  const env = { PATH: process.env['PATH'] ?? '', HOME: root, NO_COLOR: '1', SNVG_HOME: join(root, 'home'), SNVG_PLATFORM_HOSTS: JSON.stringify({ '*': sandbox.url }), SNVG_VAULT: 'file', SNVG_VAULT_PASSPHRASE: passphrase, SNVG_YOUTUBE_CLIENT_SECRET: clientSecret, SNVG_LOG_LEVEL: 'debug' };

  /** `answer` gets what was said so far and gives what is typed. */
  const snvg = (args: string[], more: { env?: Record<string, string>; answer?: (said: string) => Promise<string>; input?: string } = {}): Promise<{ exitCode: number | null; text: string }> =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, [snvgBin, ...args], { cwd, env: { ...env, ...more.env }, stdio: 'pipe' });
      let text = '';
      let answered = false;
      const hear = (part: string): void => {
        text += part;
        if (!more.answer || answered || !text.includes('Address (or code)')) return;
        answered = true;
        void more.answer(text).then((line) => child.stdin.end(`${line}\n`));
      };
      child.stdout.setEncoding('utf8').on('data', hear);
      child.stderr.setEncoding('utf8').on('data', hear);
      if (!more.answer) child.stdin.end(more.input ?? '');
      child.on('close', (exitCode) => {
        said.push({ args: args.join(' '), exitCode, text });
        resolve({ exitCode, text });
      });
    });
  const consent = async (text: string): Promise<string> => {
    const { host, pathname, search } = new URL(/https:\/\/accounts\S+/.exec(text)?.[0] ?? '');
    const answer = await fetch(`${sandbox.url}/${host}${pathname}${search}`, { redirect: 'manual' });
    return answer.headers.get('location') ?? '';
  };

  const login = ['auth', 'login', 'youtube', '--client-id', 'the-app', '--as', 'main', '--paste'];
  expect((await snvg(login, { answer: consent })).text).toContain('logged in to youtube:main');
  expect(youtube.secrets.size).toBe(3);
  expect(statSync(join(root, 'home/data/accounts.vault')).mode & 0o777).toBe(0o600);

  // A code that was used up; a wrong passphrase; a login that is none.
  const [code = ''] = [...youtube.secrets].filter((secret) => secret.startsWith('4/'));
  expect((await snvg(login, { answer: async () => code })).exitCode).toBe(6);
  expect(await snvg(['auth', 'status'], { env: { SNVG_VAULT_PASSPHRASE: 'wrong passphrase' } })).toMatchObject({ exitCode: 2, text: expect.stringContaining('VAULT_LOCKED') });
  expect(await snvg(['auth', 'import', 'youtube'], { input: `{"access_token": 12, "refresh_token": "${code}"` })).toMatchObject({ exitCode: 2, text: expect.stringContaining('it is not JSON') });
  expect(await snvg(['auth', 'export', 'youtube'])).toMatchObject({ exitCode: 2, text: expect.stringContaining('--stdout') });

  expect(JSON.parse((await snvg(['auth', 'status', '--check', '--json'], { env: { SNVG_LOG_LEVEL: 'warn' } })).text)).toMatchObject({ accounts: [{ platform: 'youtube', name: 'main', from: 'vault', state: 'checked', missingScopes: [] }] });
  expect((await snvg(['auth', 'refresh', 'youtube:main'])).exitCode).toBe(0);

  // A platform that repeats what it was sent, then a login that was revoked.
  youtube.repeats = true;
  expect((await snvg(['auth', 'refresh', 'youtube:main'])).text).toMatch(/\[redacted\]/);
  youtube.repeats = false;
  await fetch(`${sandbox.url}/oauth2.googleapis.com/revoke`, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ token: [...youtube.secrets].findLast((secret) => secret.includes('refresh')) ?? '' }) });
  expect(await snvg(['auth', 'refresh', 'youtube:main'])).toMatchObject({ exitCode: 6, text: expect.stringContaining('AUTH_NEEDED') });
  expect(await snvg(['auth', 'status'])).toMatchObject({ exitCode: 6, text: expect.stringContaining('LOGIN NEEDED') });

  // A fault of snvg's own, with the secrets of the environment in its message.
  const crash = join(root, 'crash.mjs');
  writeFileSync(crash, "setTimeout(() => { throw new Error(`crash: ${process.env.SNVG_YOUTUBE_CLIENT_SECRET} ${Buffer.from('x:' + process.env.SNVG_VAULT_PASSPHRASE).toString('base64')}`); }, 300);");
  expect(await snvg(['auth', 'status'], { env: { NODE_OPTIONS: `--import ${crash}`, SNVG_LOG_LEVEL: 'silent' } })).toMatchObject({ text: expect.stringContaining('crash: [redacted]') });

  const exported = join(cwd, 'login.json');
  expect((await snvg(['auth', 'export', 'youtube:main', '--out', 'login.json'])).exitCode).toBe(0);
  expect(statSync(exported).mode & 0o777).toBe(0o600);
  expect(readFileSync(exported, 'utf8')).toContain([...youtube.secrets].findLast((secret) => secret.includes('refresh')));
  expect((await snvg(['auth', 'export', 'youtube:main', '--out', 'login.json'])).text).toContain('exists already');
  expect((await snvg(['auth', 'logout', 'youtube:main'])).exitCode).toBe(0);
  expect((await snvg(['auth', 'status'])).text).toContain('nobody is logged in');

  const secrets = [...youtube.secrets, clientSecret, passphrase];
  expect(secrets.length).toBeGreaterThan(5);
  const files = filesUnder(root).filter((path) => path !== exported);
  expect(files.map((path) => path.slice(root.length))).toContain('/home/data/accounts.vault');
  const places = [...said.map(({ args, text }) => [`snvg ${args}`, text] as const), ...files.map((path) => [path, readFileSync(path, 'latin1')] as const)];
  const leaks = places.flatMap(([where, text]) => secrets.filter((secret) => traces(secret).some((trace) => text.includes(trace) || text.includes(Buffer.from(trace).toString('latin1')))).map((secret) => `${where}: ${secret}`));
  expect(leaks).toEqual([]);
});
