import type { App } from '../app.js';
import { openAppLedger } from './open-ledger.js';
import { openOutside } from './outside.js';
import type { PublishingRoom } from './account-run.js';

/** Runs `work` with the ledger and the way to the platforms open, and closes them again. @throws {SnvgError} LEDGER_*, CONFIG_INVALID */
export async function withPublishing<T>(app: App, work: (room: PublishingRoom) => Promise<T>): Promise<T> {
  const ledger = await openAppLedger(app);
  try {
    const outside = await openOutside(app);
    try {
      return await work({ app, ledger, outside });
    } finally {
      await outside.close();
    }
  } finally {
    await ledger.close();
  }
}
