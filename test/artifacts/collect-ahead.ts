// Collects a shared folder on a machine whose clock is ahead.
import { openExchange } from '../../src/artifacts/open-exchange.js';

const [folder = '', cacheDir = '', aheadMs = '0'] = process.argv.slice(2);
const truly = Date.now.bind(Date);
Date.now = () => truly() + Number(aheadMs);
const exchange = await openExchange(folder, { cacheDir, s3Endpoint: null });
const collected = await exchange.collect({ olderThanMs: 7 * 86_400_000 });
process.stdout.write(JSON.stringify({ ...collected, aheadByMs: Date.now() - (await exchange.nowMs()) }));
