/** One process that wants the credentials of example:main, for tests that start several. Prints them as JSON. */
import { openAccounts } from '../../src/app/accounts/open-accounts.js';
import { openTransport } from '../../src/publishers/send.js';
import { AuthorizationServer } from './authorization-server.js';

const [dataDir = '', base = ''] = process.argv.slice(2);
const http = openTransport({ hosts: { '*': base } });
const { accounts } = openAccounts({ paths: { dataDir }, vault: 'file', env: {}, http, signal: new AbortController().signal, nowMs: () => Date.now() });
const policy = new AuthorizationServer({ nowMs: () => Date.now() }).policy();
const account = await accounts.find('example', policy, '');
process.stdout.write('ready\n');
process.stdin.once('data', () => {
  account
    .credentials()
    .then(
      ({ accessToken }) => process.stdout.write(`${JSON.stringify({ accessToken })}\n`),
      (error: { code?: string; message: string }) => process.stdout.write(`${JSON.stringify({ code: error.code, message: error.message })}\n`),
    )
    .finally(() => {
      http.close();
      process.stdin.destroy();
    });
});
