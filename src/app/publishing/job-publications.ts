import type { Publication } from '../../publishers/publisher.js';
import type { App } from '../app.js';
import { openAppLedger } from './open-ledger.js';

/** What the ledger knows of a job's clips. @throws {SnvgError} LEDGER_* */
export async function publicationsOfJob(app: App, jobId: string): Promise<Publication[]> {
  const ledger = await openAppLedger(app);
  try {
    return await ledger.list({ jobId });
  } finally {
    await ledger.close();
  }
}
