import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Settings } from '../../config/options.js';
import { SnvgError } from '../../errors.js';
import { openLedgerDocuments } from '../../jobs/ledger-documents.js';
import type { Ledger } from '../../ledger/ledger.js';
import { isStoreAddress, openLedger } from '../../ledger/open-ledger.js';
import { isSameProcessAlive, pidPlace } from '../../process/identity.js';
import type { Publisher } from '../../publishers/publisher.js';
import type { App } from '../app.js';

/**
 * The ledger that the settings name: the job database of this machine, a file of its own, or an object store that machines share.
 * @throws {SnvgError} LEDGER_*, DATABASE_*
 */
export async function openAppLedger(app: App): Promise<Ledger> {
  const { ledger, s3Endpoint, sandbox } = app.settings;
  const place = pidPlace();
  const options = { self: { ...app.self, ...(place === undefined ? {} : { place }) }, clock: app.clock, isAlive: isSameProcessAlive };
  // A rehearsal must not be taken for the play.
  if (sandbox) return openLedger(openLedgerDocuments(':memory:'), options);
  if (ledger !== null && isStoreAddress(ledger)) return openLedger(ledger, { ...options, s3Endpoint });
  const path = ledger === null ? app.paths.databaseFile : resolve(ledger);
  // A run that writes nothing makes no file either.
  return openLedger(openLedgerDocuments(app.readOnly && !existsSync(path) ? ':memory:' : path, { shared: ledger !== null }), options);
}

/**
 * On a disk that is thrown away after the run, the default ledger forgets what was posted, and the next run posts it again.
 * @throws {SnvgError} LEDGER_EPHEMERAL
 */
export function requireLastingLedger(publishers: readonly Publisher[], settings: Pick<Settings, 'ledger' | 'sandbox'>, env: NodeJS.ProcessEnv): void {
  const { CI } = env;
  const underCi = CI !== undefined && CI !== '' && CI.toLowerCase() !== 'false' && CI !== '0';
  const platform = publishers.find(({ reach }) => reach === 'public');
  if (!underCi || !platform || settings.ledger !== null || settings.sandbox) return;
  throw new SnvgError(
    'LEDGER_EPHEMERAL',
    `Under CI the ledger of posts would be lost with this machine's disk, and the next run would post everything to ${platform.name} again`,
    'Name one that outlives the run: --ledger s3://bucket/folder, or --ledger with a file on a disk that is kept (SNVG_LEDGER).',
  );
}
