import { initial } from './0001-initial.js';
import { taskClaims } from './0002-task-claims.js';
import { ledger } from './0003-ledger.js';
import { reviews } from './0004-reviews.js';
import { queue } from './0005-queue.js';

/** In order; the database's user_version is the number of those applied. Append only. */
export const migrations: readonly string[] = [initial, taskClaims, ledger, reviews, queue];
