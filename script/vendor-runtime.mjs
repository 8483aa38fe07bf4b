// Copies the native onnxruntime of the installed onnxruntime-node into vendor/, for the npm package.
//
// onnxruntime-node's own install script downloads GPU libraries, and where that fails npm silently leaves the whole
// (optional) package out. The CPU libraries that snvg uses are already inside it: with a copy of them in snvg's
// package every installation has the native runtime. Its licence (MIT) goes along.
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const repository = resolve(import.meta.dirname, '..');
const from = join(repository, 'node_modules/onnxruntime-node');
const to = join(repository, 'vendor/onnxruntime-node');

/** What Linux and macOS load; the same library lies twice in the macOS folder, its binding asks for this name. */
const binaries = [
  'linux/x64/libonnxruntime.so.1',
  'linux/x64/onnxruntime_binding.node',
  'linux/arm64/libonnxruntime.so.1',
  'linux/arm64/onnxruntime_binding.node',
  'darwin/arm64/libonnxruntime.1.dylib',
  'darwin/arm64/onnxruntime_binding.node',
];

if (!existsSync(from)) {
  process.stderr.write('error: onnxruntime-node is not installed, so its native library cannot be packed\nRun ONNXRUNTIME_NODE_INSTALL=skip npm ci and try again.\n');
  process.exit(4);
}
rmSync(to, { recursive: true, force: true });
for (const path of binaries) cpSync(join(from, 'bin/napi-v6', path), join(to, 'bin/napi-v6', path), { recursive: true });
cpSync(join(from, 'dist'), join(to, 'dist'), { recursive: true, filter: (path) => !/\.(map|d\.ts)$/.test(path) });
const { name, version, license, author, repository: origin, main } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
writeFileSync(join(to, 'package.json'), `${JSON.stringify({ name, version, license, author, repository: origin, main }, null, 2)}\n`);
writeFileSync(join(to, 'LICENSE'), licenceText());

/** The package names its licence but does not carry the text. */
function licenceText() {
  return `MIT License

Copyright (c) Microsoft Corporation

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
`;
}
