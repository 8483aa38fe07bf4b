import type { Exchange } from '../../../artifacts/exchange.js';

/** What the queue needs of the place where coordinators and workers leave files for each other. All of them see the same. */
export type QueueExchange = Pick<Exchange, 'artifacts' | 'results'>;
