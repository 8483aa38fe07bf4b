import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeSpeech, type SoundSource } from '../../src/media/audio.js';
import { mediaHost } from '../support/media-host.js';
import { oddInputs } from '../support/odd-inputs.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const sampleRate = 16_000;
const stereo = { index: 1, channels: 2, channelLayout: 'stereo' };

/** The odd inputs carry the same six seconds of an interview. */
async function heard(name: string, audio: SoundSource): Promise<Int16Array> {
  const host = mediaHost();
  const to = join(host.scratchDir, 'speech.pcm');
  await decodeSpeech(host, { path: resolve(oddInputs(), name), audio, to, sampleRate, durationUs: 6_000_000 });
  const bytes = readFileSync(to);
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

function levelDb(samples: Int16Array): number {
  return 10 * Math.log10(samples.reduce((sum, sample) => sum + sample ** 2, 0) / samples.length / 32_768 ** 2);
}

/** How alike two signals are, 1 when one is the other at another volume, wherever within 25 ms they fit best: what an AAC encoder puts before its first sample. */
function likeness(a: Int16Array, b: Int16Array): number {
  let best = 0;
  for (let lag = -400; lag <= 400; lag += 1) {
    let ab = 0;
    let aa = 0;
    let bb = 0;
    for (let at = 400; at < Math.min(a.length, b.length) - 400; at += 1) {
      const x = a[at] ?? 0;
      const y = b[at + lag] ?? 0;
      ab += x * y;
      aa += x * x;
      bb += y * y;
    }
    best = Math.max(best, Math.abs(ab) / Math.sqrt(aa * bb));
  }
  return best;
}

describe('speech from a source', () => {
  it('survives opposite phases', async () => {
    const [plain, antiphase] = [await heard('base.mp4', stereo), await heard('antiphase.mp4', stereo)];
    expect(Math.abs(levelDb(antiphase) - levelDb(plain))).toBeLessThan(1);
    expect(likeness(plain, antiphase)).toBeGreaterThan(0.95);
  });

  it('survives one dead channel', async () => {
    const [plain, oneSide] = [await heard('base.mp4', stereo), await heard('one-side.mp4', stereo)];
    expect(levelDb(oneSide) - levelDb(plain)).toBeGreaterThan(-7);
  });

  it('is taken from the centre of surround sound', async () => {
    const [plain, surround] = [await heard('base.mp4', stereo), await heard('surround-centre.mp4', { index: 1, channels: 6, channelLayout: '5.1' })];
    expect(levelDb(surround) - levelDb(plain)).toBeGreaterThan(-7);
    expect(likeness(plain, surround)).toBeGreaterThan(0.9);
  });

  it.each(['late.mp4', 'late.mkv'])('starts when the source starts, however late its audio begins: %s', async (name) => {
    const base = join(oddInputs(), 'base.mp4');
    const path = join(temporaryFolder(), name);
    execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-i', base, '-itsoffset', '1.48', '-i', base, '-map', '0:v', '-map', '1:a', '-c', 'copy', path]);
    const [plain, late] = [await heard('base.mp4', stereo), await heard(path, stereo)];
    const begin = Math.round(1.48 * sampleRate);
    expect(levelDb(late.subarray(0, begin - 400))).toBeLessThan(-60);
    expect(likeness(plain, late.subarray(begin))).toBeGreaterThan(0.9);
  });

  it.each(['audio-gap.mkv', 'audio-gap.mp4'])('keeps its time across a hole: %s', async (name) => {
    const [plain, holed] = [await heard('base.mp4', stereo), await heard(name, stereo)];
    const after = Math.round(4 * sampleRate);
    expect(likeness(plain.subarray(after), holed.subarray(after))).toBeGreaterThan(0.9);
    expect(levelDb(holed.subarray(2.3 * sampleRate, 3.2 * sampleRate))).toBeLessThan(-60);
  });

  it.each([
    ['from behind alone', 'pan=5.1|BL=c0|BR=c0', 6, '5.1', -6],
    ['from one of six tracks', 'pan=5.1|BR=c0', 6, '5.1', -12],
    ['in eight channels', 'pan=7.1|FC=c0', 8, '7.1', -9],
    ['in four', 'pan=quad|FL=c0|FR=c0', 4, 'quad', -14],
    ['at 96 kHz', 'aresample=96000', 1, 'mono', -1],
    ['at 8 kHz', 'aresample=8000', 1, 'mono', -1],
    ['40 dB down', 'volume=-40dB', 1, 'mono', -41],
    ['clipped', 'volume=20dB', 1, 'mono', 0],
  ] as const)('is usable %s', async (_, filter, channels, channelLayout, leastDb) => {
    const path = join(temporaryFolder(), 'sound.wav');
    execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-i', join(oddInputs(), 'base.mp4'), '-af', `aformat=channel_layouts=mono,${filter}`, '-c:a', 'pcm_s24le', path]);
    const [plain, other] = [await heard('base.mp4', stereo), await heard(path, { index: 0, channels, channelLayout })];
    expect(levelDb(other) - levelDb(plain)).toBeGreaterThan(leastDb);
    expect(likeness(plain, other)).toBeGreaterThan(filter === 'volume=20dB' ? 0.6 : 0.95);
  });

  it('of a silent track is silence, not an error', async () => {
    expect(levelDb(await heard('silent-audio.mp4', stereo))).toBe(-Infinity);
  });
});
