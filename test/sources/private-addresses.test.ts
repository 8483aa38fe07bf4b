import { expect, it, describe } from 'vitest';
import { isPublicAddress } from '../../src/sources/http/address-guard.js';
import { HttpObject } from '../../src/sources/http/http-object.js';
import { fetchInput } from '../../src/sources/registry.js';
import { remoteInput } from '../../src/sources/url-input.js';
import { fetchContext } from './fetch-context.js';
import { serveFile } from './file-server.js';

describe('an address that is not the public internet’s', () => {
  it.each(['127.0.0.1', '10.1.2.3', '172.16.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0', '224.0.0.1', '255.255.255.255', '::1', '::', 'fe80::1', 'fd00::1', 'ff02::1', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '64:ff9b::7f00:1', '2002:7f00:1::', '2001:db8::1', '198.51.100.7', '64:ff9b::a00:1', '::7f00:1', 'fec0::1', '4000::1', '198.18.0.1', '192.0.0.1', '240.0.0.1', '::ffff:0:7f00:1', 'talk.mp4'])('%s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each(['93.184.216.34', '8.8.8.8', '2606:2800:220:1:248:1893:25c8:1946', '::ffff:8.8.8.8', '64:ff9b::808:808'])('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each(['http://127.0.0.1/a.mp4', 'http://2130706433/a.mp4', 'http://0x7f.1/a.mp4', 'http://0177.0.0.1/a.mp4', 'http://[::1]/a.mp4', 'http://[::ffff:7f00:1]/a.mp4', 'http://localhost/a.mp4', 'http://169.254.169.254/latest/meta-data'])('is refused however it is written: %s', async (url) => {
    await expect(fetchInput(remoteInput(url), fetchContext({ allowPrivateNetwork: false }))).rejects.toMatchObject({ code: 'SOURCE_PRIVATE_ADDRESS', exitCode: 6, remedy: expect.stringContaining('--allow-private-network') as string });
  });

  it('is refused when a name resolves to it, though it did not when it was first asked', async () => {
    let asked = 0;
    const object = new HttpObject(new URL('http://films.example/a.mp4'), 'films.example', {
      allowPrivateNetwork: false,
      silenceMs: 5_000,
      lookup: (_host, callback) => {
        asked += 1;
        callback(null, [{ address: '127.0.0.1', family: 4 }]);
      },
    });
    await expect(object.open(0, undefined, new AbortController().signal)).rejects.toMatchObject({ code: 'SOURCE_PRIVATE_ADDRESS' });
    expect(asked).toBe(1);
  });

  it('is refused when a redirect leads there', async () => {
    const inner = await serveFile(1000, [{}]);
    const outer = await serveFile(1000, [{ status: 302, headers: { location: `${inner.url}/a.mp4` } }]);
    // The outer server stands for a public one: its name is let through once, the address it redirects to is not a name.
    const port = new URL(outer.url).port;
    const object = new HttpObject(new URL(`http://films.example:${port}/a.mp4`), 'films.example', { allowPrivateNetwork: false, silenceMs: 5_000, lookup: (_host, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]) });
    await expect(object.open(0, undefined, new AbortController().signal)).rejects.toMatchObject({ code: 'SOURCE_PRIVATE_ADDRESS' });
    expect(inner.requests).toEqual([]);
    await Promise.all([inner.close(), outer.close()]);
  });
});
