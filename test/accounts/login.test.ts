import { request } from 'node:http';
import { expect, it } from 'vitest';
import { logIn, type LoginPerson, type LoginWay } from '../../src/accounts/login.js';
import type { AccountPolicy, ClientIdentity } from '../../src/publishers/credentials.js';
import { inProcessTransport } from '../../src/sandbox/in-process.js';
import { AuthorizationServer, type ServerTraits } from './authorization-server.js';

const loopback: LoginWay = { kind: 'browser', port: undefined, timeoutMs: 20_000 };
const paste: LoginWay = { kind: 'paste', redirectUri: undefined, port: undefined };
const confidential: ClientIdentity = { clientId: 'the-client', clientSecret: 'the client secret' };

interface Trial {
  server: AuthorizationServer;
  told: string[];
  pauses: number[];
  person: LoginPerson;
  run(way: LoginWay, changes?: { policy?: Partial<AccountPolicy>; client?: ClientIdentity }): ReturnType<typeof logIn>;
}

/** A person whose browser goes where the server sends it; `visit` may do more on the way. */
function trial(traits: Partial<ServerTraits> = {}, visit: (server: AuthorizationServer, url: string) => Promise<void> = follow): Trial {
  const server = new AuthorizationServer({ nowMs: () => 1_000, ...traits });
  const told: string[] = [];
  const pauses: number[] = [];
  const person: LoginPerson = { tell: (line) => void told.push(line), offerBrowser: (url) => visit(server, url), answer: async () => '', pause: async (ms) => void pauses.push(ms) };
  return {
    server,
    told,
    pauses,
    person,
    run: (way, changes = {}) => logIn(server.policy(changes.policy), way, person, { client: changes.client ?? confidential, http: inProcessTransport([server]), signal: new AbortController().signal, nowMs: () => 1_000 }),
  };
}

async function consent(server: AuthorizationServer, url: string): Promise<string> {
  const answer = await server.handle({ method: 'GET', url: new URL(url), headers: {}, body: async function* () {} });
  return answer.headers?.['location'] ?? '';
}

async function follow(server: AuthorizationServer, url: string): Promise<void> {
  const target = await consent(server, url);
  if (target !== '') await get(target);
}

function get(url: string, headers: Record<string, string> = {}): Promise<{ status: number; text: string; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    request(url, { headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }));
    })
      .on('error', reject)
      .end();
  });
}

it.each<[string, Partial<ServerTraits>, ClientIdentity]>([
  ['a confidential client by HTTP Basic', {}, confidential],
  ['a confidential client in the body', { authentication: 'body' }, confidential],
  ['a public client', { clientSecret: null }, { clientId: 'the-client' }],
  ['TikTok’s challenge in hexadecimal', { challenge: 'hex', authentication: 'body' }, confidential],
])('a browser on this machine: PKCE, state, a free port of 127.0.0.1 (%s)', async (_, traits, client) => {
  const { run, told } = trial(traits);
  await expect(run(loopback, { client })).resolves.toMatchObject({ kind: 'oauth2', scopes: ['video.write', 'profile.read'], expiresAtMs: 3_601_000, refreshToken: expect.stringMatching(/^refresh-/) });
  expect(told.join()).toMatch(/redirect_uri=http%3A%2F%2F127\.0\.0\.1%3A\d+%2Fcallback/);
});

it('only the redirect with our state counts, once, to our own host; then the port is closed', async () => {
  const seen: [string, number][] = [];
  let port = '';
  let visited: Promise<void> | undefined;
  const visit = async (server: AuthorizationServer, url: string): Promise<void> => {
    const target = new URL(await consent(server, url));
    ({ port } = target);
    const attempts: [string, string, Record<string, string>][] = [
      ['another path', `http://127.0.0.1:${port}/favicon.ico`, {}],
      ['another state', `http://127.0.0.1:${port}/callback?code=stolen&state=guessed`, {}],
      ['no code', `http://127.0.0.1:${port}/callback?state=${target.searchParams.get('state')}`, {}],
      ['another host', target.href, { host: 'attacker.example' }],
      ['ours', target.href, {}],
    ];
    for (const [name, address, headers] of attempts) {
      const answer = await get(address, headers);
      seen.push([name, answer.status]);
      expect(answer.text).not.toContain('code=');
      if (name === 'ours') expect(answer.headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' });
    }
  };
  await trial({}, (server, url) => (visited = visit(server, url))).run(loopback);
  await visited;
  expect(seen).toEqual([
    ['another path', 404],
    ['another state', 400],
    ['no code', 400],
    ['another host', 404],
    ['ours', 200],
  ]);
  await expect(get(`http://127.0.0.1:${port}/callback`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

it('a person who does not agree, or does nothing, ends it with AUTH_DENIED', async () => {
  const refusing = trial();
  refusing.server.refuses = true;
  await expect(refusing.run(loopback)).rejects.toMatchObject({ code: 'AUTH_DENIED', exitCode: 6, remedy: 'Begin again and agree to what is asked for.' });
  const idle = trial({}, async () => {});
  await expect(idle.run({ ...loopback, timeoutMs: 30 })).rejects.toMatchObject({ code: 'AUTH_DENIED', message: expect.stringContaining('No answer from the browser') });
});

it('a port that is taken is USAGE with what to do', async () => {
  const { run } = trial({}, async (_, url) => {
    const port = Number(new URL(new URL(url).searchParams.get('redirect_uri') ?? '').port);
    await expect(trial().run({ ...loopback, port })).rejects.toMatchObject({ code: 'USAGE', remedy: expect.stringContaining('--paste') });
    throw new Error('seen enough');
  });
  await expect(run(loopback)).rejects.toThrow('seen enough');
});

it.each<[string, (address: URL) => string]>([
  ['the whole address', (address) => ` ${address.href}\n`],
  ['its query', ({ search }) => search],
  ['the code alone', ({ searchParams }) => searchParams.get('code') ?? ''],
  ['the code, still encoded', ({ searchParams }) => encodeURIComponent(searchParams.get('code') ?? '').replace('-', '%2D')],
])('headless paste takes %s', async (_, pasted) => {
  const one = trial();
  one.person.answer = async () => pasted(new URL(await consent(one.server, /https:\S+/.exec(one.told.join('\n'))?.[0] ?? '')));
  await expect(one.run(paste)).resolves.toMatchObject({ kind: 'oauth2' });
});

it.each<[string, string, RegExp]>([
  ['nothing', '  ', /Nothing was pasted/],
  ['an answer to another login', 'http://127.0.0.1:8723/callback?code=abc&state=other', /not the answer to the login that was begun here/],
  ['a refusal', '?error=access_denied&state=other', /not the answer|refused/],
  ['a code that is not one', 'made-up', /invalid_grant/],
])('headless paste refuses %s', async (_, text, message) => {
  const one = trial();
  one.person.answer = async () => text;
  await expect(one.run(paste)).rejects.toMatchObject({ code: 'AUTH_DENIED', message: expect.stringMatching(message) });
});

it('a code works once: whoever brings it again gets nothing, and the first login ends', async () => {
  const one = trial();
  let address = '';
  one.person.answer = async () => (address = await consent(one.server, /https:\S+/.exec(one.told.join('\n'))?.[0] ?? ''));
  const { refreshToken } = await one.run(paste);
  const code = new URL(address).searchParams.get('code') ?? '';
  one.person.answer = async () => code;
  await expect(one.run(paste)).rejects.toMatchObject({ code: 'AUTH_DENIED' });
  expect(one.server.isAlive(refreshToken ?? '')).toBe(false);
});

it('the device flow waits as it is told, and five seconds longer after slow_down', async () => {
  const { run, server, pauses, told } = trial();
  server.deviceAnswers = ['pending', 'slow', 'pending', 'agreed'];
  await expect(run({ kind: 'device' })).resolves.toMatchObject({ kind: 'oauth2', scopes: ['video.write', 'profile.read'] });
  expect(pauses).toEqual([5_000, 5_000, 10_000, 10_000]);
  expect(told.join()).toContain('WDJB-MJHT');
});

it.each([['denied' as const], ['expired' as const]])('a device login that is %s is AUTH_DENIED; where there is none, USAGE', async (answer) => {
  const { run, server } = trial();
  server.deviceAnswers = [answer];
  await expect(run({ kind: 'device' })).rejects.toMatchObject({ code: 'AUTH_DENIED' });
  const without = trial();
  const { deviceUrl: _, ...policy } = without.server.policy();
  await expect(logIn(policy, { kind: 'device' }, without.person, { client: confidential, http: inProcessTransport([without.server]), signal: new AbortController().signal, nowMs: () => 0 })).rejects.toMatchObject({ code: 'USAGE' });
});

it('an app that the platform does not know is said to be that', async () => {
  const { run } = trial();
  await expect(run(loopback, { client: { clientId: 'the-client', clientSecret: 'wrong' } })).rejects.toMatchObject({ code: 'AUTH_DENIED', message: expect.stringContaining('invalid_client'), remedy: expect.stringContaining('Register an app') });
});
