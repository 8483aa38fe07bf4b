import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { createServer, type AddressInfo, connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { s3Keys } from './s3-server.js';

/** Versity's S3 gateway, where `SNVG_TEST_VERSITYGW` or PATH leads to one (`go install github.com/versity/versitygw/cmd/versitygw@latest`). */
export const versitygw: string | undefined = [process.env['SNVG_TEST_VERSITYGW'] ?? '', ...(process.env['PATH'] ?? '').split(delimiter).map((dir) => join(dir, 'versitygw'))].find(isProgram);

/** Starts it on a folder, with one bucket, `films`. */
export async function startVersitygw(dir: string): Promise<{ endpoint: string; bucketDir: string; close(): Promise<void> }> {
  const root = join(dir, 'gateway');
  const bucketDir = join(root, 'films');
  mkdirSync(bucketDir, { recursive: true });
  const port = await freePort();
  const child: ChildProcess = spawn(versitygw ?? '', ['--port', `127.0.0.1:${port}`, 'posix', root], { stdio: 'ignore', env: { ...process.env, ROOT_ACCESS_KEY: s3Keys.accessKeyId, ROOT_SECRET_KEY: s3Keys.secretAccessKey } });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for (let look = 0; !(await answers(port)); look += 1) {
    if (look === 200 || child.exitCode !== null) throw new Error(`versitygw did not start (exit ${child.exitCode})`);
    await sleep(50);
  }
  return {
    endpoint: `http://127.0.0.1:${port}`,
    bucketDir,
    close: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return path !== '';
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    }).once('error', () => resolve(false));
  });
}
