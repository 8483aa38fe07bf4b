import type { IncomingMessage } from 'node:http';
import type { FaultScript } from './faults.js';
import { type FaultKindName, faultKinds, randomFaults } from './random-faults.js';
import type { StandIn, StandInAnswer } from './stand-in.js';

/** What other processes may see and change of running stand-ins. */
export interface SandboxControl {
  readonly standIns: readonly StandIn[];
  script: FaultScript;
  /** Undefined: stand-ins go by the machine's clock. */
  readonly clock: { nowMs(): number; advance(ms: number): void } | undefined;
  /** Requests that reached a stand-in, or would have without a fault. */
  requests: number;
}

/**
 * Answers `/sandbox/…`:
 * GET posts → posts by platform; GET requests → how many there were; POST faults {seed, rate, kinds?} sets random faults, {} ends them;
 * POST accounts {platform, id, name, scopes} → tokens; GET clock, POST clock {advanceMs} → {nowMs}.
 */
export async function controlAnswer(incoming: IncomingMessage, path: string, control: SandboxControl): Promise<StandInAnswer> {
  const given = incoming.method === 'POST' ? await readJson(incoming) : {};
  if (given === undefined) return { status: 400, body: { error: 'the body is not a JSON object' } };
  switch (`${incoming.method} ${path}`) {
    case 'GET /posts':
      return { status: 200, body: Object.fromEntries(control.standIns.map((standIn) => [standIn.id, standIn.posts()])) };
    case 'GET /requests':
      return { status: 200, body: { requests: control.requests } };
    case 'POST /faults':
      return setFaults(given, control);
    case 'POST /accounts':
      return issue(given, control);
    case 'GET /clock':
    case 'POST /clock':
      return moveClock(given, control);
    default:
      return { status: 404, body: { error: `there is no ${incoming.method} /sandbox${path}` } };
  }
}

function setFaults(given: Record<string, unknown>, control: SandboxControl): StandInAnswer {
  const { seed, rate, kinds } = given;
  if (Object.keys(given).length === 0) control.script = () => undefined;
  else if (typeof seed !== 'number' || typeof rate !== 'number' || !(kinds === undefined || isKinds(kinds))) return { status: 400, body: { error: `expected {seed, rate, kinds?}, kinds of ${faultKinds.join(', ')}` } };
  else control.script = randomFaults({ seed, rate, ...(kinds === undefined ? {} : { kinds }) });
  return { status: 200, body: {} };
}

function isKinds(given: unknown): given is FaultKindName[] {
  return Array.isArray(given) && given.length > 0 && given.every((kind) => (faultKinds as readonly unknown[]).includes(kind));
}

function issue({ platform, id, name, scopes }: Record<string, unknown>, control: SandboxControl): StandInAnswer {
  const standIn = control.standIns.find((one) => one.id === platform);
  if (typeof id !== 'string' || typeof name !== 'string' || !Array.isArray(scopes) || !standIn?.issue) return { status: 400, body: { error: 'expected {platform, id, name, scopes} of a platform with logins' } };
  return { status: 200, body: standIn.issue({ id, name }, scopes.map(String)) };
}

function moveClock({ advanceMs }: Record<string, unknown>, { clock }: SandboxControl): StandInAnswer {
  if (clock === undefined) return { status: 409, body: { error: 'these stand-ins go by the clock of the machine' } };
  if (advanceMs !== undefined && typeof advanceMs !== 'number') return { status: 400, body: { error: 'expected {advanceMs}' } };
  clock.advance(advanceMs ?? 0);
  return { status: 200, body: { nowMs: clock.nowMs() } };
}

async function readJson(incoming: IncomingMessage): Promise<Record<string, unknown> | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}');
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
