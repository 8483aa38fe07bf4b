import { join } from 'node:path';
import { afterEach, beforeEach, onTestFinished, vi } from 'vitest';
import { openLedgerDocuments } from '../../src/jobs/ledger-documents.js';
import type { LedgerDocuments } from '../../src/ledger/documents.js';
import { openS3Documents } from '../../src/ledger/s3-documents.js';
import { s3Keys, startS3 } from '../support/s3-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { ledgerContract } from './contract.js';

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', s3Keys.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', s3Keys.secretAccessKey);
  vi.stubEnv('AWS_REGION', 'us-east-1');
});
afterEach(() => vi.unstubAllEnvs());

ledgerContract('SQLite', async () => {
  const path = join(temporaryFolder(), 'snvg.db');
  return [openLedgerDocuments(path), openLedgerDocuments(path)];
});

ledgerContract('a shared SQLite file', async () => {
  const path = join(temporaryFolder(), 'posts.db');
  return [openLedgerDocuments(path, { shared: true }), openLedgerDocuments(path, { shared: true })];
});

ledgerContract('memory', async () => {
  const documents = openLedgerDocuments(':memory:');
  const shared: LedgerDocuments = { place: documents.place, read: (id) => documents.read(id), write: (id, version, body) => documents.write(id, version, body), list: (prefix) => documents.list(prefix), close: async () => {} };
  return [documents, shared];
});

ledgerContract('an object store', async () => {
  const server = await startS3({ 'posts/readme.txt': Buffer.from('not of the ledger'), 'posts2/publications/a/00000001.json': Buffer.from('{}') });
  onTestFinished(() => server.close());
  const open = () => openS3Documents({ bucket: 'films', prefix: 'posts', endpoint: server.endpoint });
  return [await open(), await open()];
});
