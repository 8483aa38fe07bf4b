// Publishes some clips to one account of a stand-in, once, as `snvg publish` does, in time that runs faster.
// Usage: node publisher.mjs <file>, a JSON file:
// { platform, options, account: { id, name }, sandboxUrl, ledger, clips, clock: { startMs, realStartMs, scale, skewMs }, longestTimeoutMs? }
// Says `ready`, `sent <fraction>` as uploads go on, and at the end {"ended":[{sha256,outcome,problem}],"stopped":…,"startRssBytes":…,"peakRssBytes":…}.
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { openLedgerDocuments } from '../../dist/jobs/ledger-documents.js';
import { openLedger } from '../../dist/ledger/open-ledger.js';
import { HostBreaker } from '../../dist/pipeline/publish/breaker.js';
import { runAccount } from '../../dist/pipeline/publish/run-account.js';
import { usualPatience } from '../../dist/pipeline/publish/timing.js';
import { isSameProcessAlive, ownIdentity } from '../../dist/process/identity.js';
import { findPublisher } from '../../dist/publishers/registry.js';
import { openTransport } from '../../dist/publishers/send.js';

const given = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const { account, clock } = given;
const nowMs = () => clock.startMs + (Date.now() - clock.realStartMs) * clock.scale + clock.skewMs;
const publisher = await findPublisher(given.platform);
const options = publisher.options.parse(given.options);
const self = { host: hostname(), ...ownIdentity() };
// Leases are renewed in real time and end by the faster clock, so they are made long; of the dead they are taken at once.
const ledger = await openLedger(openLedgerDocuments(given.ledger), { self, clock: { nowMs, monotonicMs: nowMs }, isAlive: isSameProcessAlive, leaseMs: 60 * 86_400_000 });
const transport = openTransport({ hosts: { '*': given.sandboxUrl }, ...(given.longestTimeoutMs === undefined ? {} : { longestTimeoutMs: given.longestTimeoutMs }) });

async function signIn() {
  const scopes = publisher.auth?.scopes ?? [];
  const answer = await fetch(`${given.sandboxUrl}/sandbox/accounts`, { method: 'POST', body: JSON.stringify({ platform: given.platform, ...account, scopes }) });
  if (!answer.ok) throw new Error(`nobody is logged in: ${await answer.text()}`);
  const { accessToken, expiresAtMs } = await answer.json();
  return { accountId: account.id, accountName: account.name, accessToken, scopes, expiresAtMs };
}
let credentials = await signIn();

const orders = given.clips.map((clip, index) => ({
  identity: { sourceSha256: 'b'.repeat(64), lineage: `m${index}`, platform: given.platform, account: account.id },
  claimed: { jobId: 'job', clipSha256: clip.sha256, title: clip.title, ranges: [{ startUs: index * 60_000_000, endUs: index * 60_000_000 + clip.durationUs }], accountName: account.name, dueMs: null, saga: null },
  clip,
  options,
  again: false,
  insist: false,
}));
const startRssBytes = process.memoryUsage.rss();
process.stdout.write('ready\n');
const result = await runAccount(
  {
    ledger,
    publisher,
    account,
    login: { credentials: async () => credentials, renew: async () => (credentials = await signIn()) },
    http: new HostBreaker(nowMs).guard(transport),
    timing: { nowMs, sleep: (durationMs, signal) => pause(durationMs / clock.scale, undefined, { signal }), random: Math.random },
    // In real time, so that a busy machine's milliseconds do not pass for minutes.
    patience: { ...usualPatience, settleMs: 100 * clock.scale, horizonMs: 1_000 * clock.scale, freshMs: 500 * clock.scale, troubleMs: 10_000 * clock.scale },
    signal: new AbortController().signal,
    wait: true,
    event: (event) => {
      if (event.type === 'publication-progress') process.stdout.write(`sent ${event.fraction}\n`);
    },
  },
  orders,
);
transport.close();
await ledger.close();
const ended = 'ended' in result ? result.ended.map(({ order, outcome, problem }) => ({ sha256: order.clip.sha256, outcome, problem })) : [];
const stopped = 'stopped' in result && result.stopped !== undefined ? String(result.stopped) : null;
process.stdout.write(`${JSON.stringify({ ended, stopped, startRssBytes, peakRssBytes: process.resourceUsage().maxRSS * 1024 })}\n`);
