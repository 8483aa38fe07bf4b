// The face detector alone on every picture of a raw yuv420p file.
// Usage: node face-detector.mjs <file> <width> <height>
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const [file = '', width = '', height = ''] = process.argv.slice(2);
const pictureBytes = (Number(width) * Number(height) * 3) / 2;
const pictures = Math.floor(statSync(file).size / pictureBytes);
const params = {
  modelsDir: join(import.meta.dirname, '../../models'),
  file: resolve(file),
  width: Number(width),
  height: Number(height),
  offsets: Array.from({ length: pictures }, (_, index) => index * pictureBytes),
  minScore: 0.5,
};
const worker = spawn(process.execPath, [join(import.meta.dirname, '../../dist/pipeline/analyze/fine/face-worker.js')], { stdio: ['pipe', 'pipe', 'inherit'] });
const ended = once(worker, 'exit');
worker.stdin.write(`${JSON.stringify({ id: 1, method: 'detect', params })}\n`);
for await (const line of createInterface({ input: worker.stdout })) {
  const reply = JSON.parse(line);
  if (reply.error) throw new Error(reply.error.message);
  if (!reply.result) continue;
  process.stdout.write(`${pictures} pictures, ${reply.result.faces.flat().length} faces\n`);
  worker.stdin.end();
}
await ended;
