import { findPublisher } from '../src/publishers/registry.js';
import { networkCases } from '../test/publish/world/platform-case.js';
import { type Figure, type Goal, isMet, record, report } from './goals.js';
import { killed } from './publish/killed.js';
import { largeUpload } from './publish/large-upload.js';
import { Simulators } from './publish/simulated.js';
import { boundOf, listed, type Tally } from './publish/tally.js';

const full = { simulated: 30_000, killed: 2_000, largeBytes: 2 * 1024 ** 3 };
const quickly = { simulated: 500, killed: 40, largeBytes: 256 * 1024 ** 2 };

/** Size of one piece of an upload by default, and settings without the small pieces that the seeded runs use. */
const largeUploads: Readonly<Record<string, { options: Record<string, unknown>; pieceBytes: number }>> = {
  youtube: { options: {}, pieceBytes: 8 * 1024 ** 2 },
  x: { options: {}, pieceBytes: 4 * 1024 ** 2 },
  tiktok: { options: { mode: 'direct', privacy: 'SELF_ONLY' }, pieceBytes: 16 * 1024 ** 2 },
  instagram: { options: {}, pieceBytes: 8 * 1024 ** 2 },
};
/** Heads of multipart bodies and small requests. */
const smallBytes = 1_000_000;

/**
 * Posts under faults, for each platform with a stand-in of its own: many in process with the real engine and ledger in simulated time,
 * fewer by real processes that are killed; and large uploads that are killed half-way. Half an hour on two cores; `--quick`: two minutes.
 */
export async function bench({ quick, record: keep }: { quick: boolean; record: boolean }): Promise<boolean> {
  const size = quick ? quickly : full;
  const goals: Goal[] = [];
  const figures: Figure[] = [];
  for (const [id, { options, pieceBytes }] of Object.entries(largeUploads)) {
    const { name, limits } = await findPublisher(id);
    const sizeBytes = Math.min(size.largeBytes, limits.maxSizeBytes ?? Infinity);
    say(`${name}: one large upload …`);
    const upload = await largeUpload(id, { sizeBytes, options });
    const what = `${name}, ${(sizeBytes / 1e6).toFixed(0)} MB killed half-way`;
    note(goals, [
      { name: `${what}: sent again`, measured: upload.sentAgainBytes / 1e6, goal: (pieceBytes + smallBytes) / 1e6, unit: 'MB', beside: 'one piece and the small requests' },
      { name: `${what}: memory above start`, measured: upload.grewBytes / 1e6, goal: 150, unit: 'MB', beside: '' },
      { name: `${what}: posts too many or too few`, measured: Math.abs(upload.posts - 1), goal: 0, unit: 'posts', beside: '' },
    ]);
  }
  const simulators = new Simulators();
  try {
    for (const given of networkCases) {
      const { name } = await findPublisher(given.id);
      say(`${name}: in process …`);
      const { tally, naive } = await simulators.run(given.id, size.simulated);
      judge(name, tally, `naive floor: ${naive.twice} twice and ${naive.denied} denied of ${naive.publications}`, goals, figures);
    }
  } finally {
    simulators.close();
  }
  for (const given of networkCases) {
    const { name } = await findPublisher(given.id);
    say(`${name}: with SIGKILL …`);
    judge(`${name}, SIGKILL`, await killed(given, size.killed), 'two processes, one ledger', goals, figures);
  }
  process.stdout.write(`${report(goals, figures)}\n`);
  if (keep) record('publish', goals, figures);
  return goals.every(isMet);
}

function judge(name: string, tally: Tally, beside: string, goals: Goal[], figures: Figure[]): void {
  const part = (count: number): number => (count / tally.publications) * 100;
  note(goals, [
    { name: `${name}: ${tally.faulted} faulted posts, promises broken`, measured: tally.violations.length, goal: 0, unit: 'posts', beside },
    { name: `${name}: not published after faults ceased`, measured: part(tally.publications - tally.published), goal: 3, unit: '%', beside: `${tally.publications - tally.published} of ${tally.publications}` },
    { name: `${name}: unknown`, measured: part(tally.unknown), goal: 1, unit: '%', beside: `${tally.unknown} of ${tally.publications}` },
  ]);
  figures.push(
    { name: `${name}, bound on broken promises`, value: tally.violations.length === 0 ? `${boundOf(tally.faulted)}, by ${tally.faulted} faulted posts` : tally.violations.slice(0, 5).join('; ') },
    { name: `${name}, what happened`, value: `${listed(tally.faults)}; ${tally.requests} requests` },
    { name: `${name}, not published because`, value: listed(tally.causes) },
  );
}

/** Told at once as well: a run of half an hour that ends early has then said what it knew. */
function note(goals: Goal[], measured: Goal[]): void {
  goals.push(...measured);
  for (const goal of measured) say(`${goal.name}: ${goal.measured} ${goal.unit} (at most ${goal.goal}) ${goal.beside}`);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
