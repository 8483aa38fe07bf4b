import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SnvgError } from '../errors.js';
import type { Exchange } from './exchange.js';
import { SharedExchange } from './shared-exchange.js';
import { SharedFolderStore } from './shared-folder-store.js';
import type { SharedObjects } from './shared-objects.js';

/** Copies on this machine: a few films' sound and clips. */
const defaultCacheBytes = 20_000_000_000;

export interface OpenExchangeOptions {
  /** Copies of artifacts are kept below it. */
  cacheDir: string;
  /** Largest size of these copies; default 20 GB. */
  cacheBytes?: number;
  /** Null: AWS, or what the variables of the AWS tools say. */
  s3Endpoint: string | null;
  /** Looks only: nothing is written, and nothing that is asked for is promised to stay. */
  readOnly?: boolean;
}

/**
 * Opens what `--store` names: a folder that is there already, or `s3://bucket/folder`.
 * @throws {SnvgError} STORE_INVALID for what names no store; STORE_UNAVAILABLE, STORE_REFUSED
 */
export async function openExchange(setting: string, options: OpenExchangeOptions): Promise<Exchange> {
  const objects = await openObjects(setting, options.s3Endpoint);
  const exchange = new SharedExchange(objects, { cacheDir: join(options.cacheDir, 'exchange'), cacheBytes: options.cacheBytes ?? defaultCacheBytes, readOnly: options.readOnly ?? false });
  try {
    await exchange.begin();
    return exchange;
  } catch (error) {
    await exchange.close();
    throw error;
  }
}

async function openObjects(setting: string, endpoint: string | null): Promise<SharedObjects> {
  if (/^s3:\/\//i.test(setting)) {
    const [, bucket, rest = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]+)(\/.*)?$/i.exec(setting) ?? [];
    const prefix = rest.replace(/^\/+|\/+$/g, '');
    if (bucket === undefined || prefix.split('/').some((part) => part === '.' || part === '..')) throw new SnvgError('STORE_INVALID', `${setting} names no bucket for the store`, 'Write it as s3://bucket/folder.');
    // Loaded here alone: the store's client is large.
    const { openS3Store } = await import('./s3-store.js');
    return openS3Store({ bucket, prefix, endpoint });
  }
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(setting)) throw new SnvgError('STORE_INVALID', `${setting} is no store`, 'Give a folder that all machines see, or s3://bucket/folder.');
  const folder = resolve(setting);
  const info = await stat(folder).catch((error: unknown) => {
    throw new SnvgError('STORE_UNAVAILABLE', `The folder of the store cannot be found: ${folder}`, 'Mount it, or make it if it is new: snvg makes no folder where a share might not be mounted.', { cause: error });
  });
  if (!info.isDirectory()) throw new SnvgError('STORE_INVALID', `The store ${folder} is not a folder`, 'Give a folder that all machines see, or s3://bucket/folder.');
  return new SharedFolderStore(folder);
}
