// Puts one large artifact after the other into a shared folder, until it is killed.
import { randomBytes } from 'node:crypto';
import { openExchange } from '../../src/artifacts/open-exchange.js';

const [folder = ''] = process.argv.slice(2);
const exchange = await openExchange(folder, { cacheDir: `${folder}.cache`, s3Endpoint: null });
const bytes = randomBytes(4 << 20);
for (let count = 0; count < 10_000; count += 1) {
  bytes.writeUInt32LE(count, 0);
  await exchange.artifacts.put('clip.mp4', { bytes });
}
