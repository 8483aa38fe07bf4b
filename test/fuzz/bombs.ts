import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { mp4Box } from './boxes.js';
import type { Seed } from './corpus.js';

/** Files of some kilobytes that would take gigabytes, hours or millions of steps to look at. */
export function bombs(): Seed[] {
  const dir = mkdtempSync(join(tmpdir(), 'snvg-bombs-'));
  try {
    const make = (name: string, ...args: string[]): Seed => {
      execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args, name], { cwd: dir, stdio: ['ignore', 'ignore', 'ignore'] });
      return { name, bytes: readFileSync(join(dir, name)) };
    };
    const sine = ['-f', 'lavfi', '-i', 'sine=r=8000:d=4'];
    const tiny = ['-f', 'lavfi', '-i', 'testsrc2=s=64x64:r=10:d=4'];
    writeFileSync(join(dir, 'huge.png'), hugePng(16_000));
    writeFileSync(join(dir, 'cover.png'), hugePng(12_000));
    make('film.avi', ...tiny, ...sine, '-c:v', 'mjpeg', '-q:v', '20', '-pix_fmt', 'yuvj420p', '-c:a', 'pcm_s16le');
    make('plain.h264', ...tiny, '-c:v', 'libx264', '-profile:v', 'baseline', '-preset', 'ultrafast', '-crf', '40', '-pix_fmt', 'yuv420p');
    make('one-second.mkv', '-f', 'lavfi', '-i', 'color=s=16x16:r=1000:d=20', '-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '0');
    make('two.mp4', '-f', 'lavfi', '-i', 'testsrc2=s=64x64:r=1:d=4', ...sine, '-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac');
    const plain = readFileSync(join(dir, 'plain.h264'));
    writeFileSync(join(dir, 'wide.h264'), withParameterSet(plain, hugeParameterSet(1024)));
    return [
      make('png-16000.mkv', '-framerate', '1', '-loop', '1', '-f', 'image2', '-i', 'huge.png', ...sine, '-map', '0', '-map', '1', '-c:v', 'copy', '-c:a', 'pcm_s16le', '-t', '4'),
      make('cover-12000.m4a', '-f', 'image2', '-i', 'cover.png', ...sine, '-map', '1', '-map', '0', '-c:a', 'aac', '-c:v', 'copy', '-disposition:v', 'attached_pic'),
      { name: 'gif-65535.gif', bytes: hugeGif() },
      { name: 'photos-65500.avi', bytes: hugeJpegs(readFileSync(join(dir, 'film.avi'))) },
      { name: 'h264-16384.ts', bytes: elementaryInTs(dir, 'wide.h264', 'h264') },
      { name: 'grows-in-the-middle.ts', bytes: Buffer.concat([elementaryInTs(dir, 'plain.h264', 'h264'), elementaryInTs(dir, 'wide.h264', 'h264')]) },
      { name: 'changes-size.ts', bytes: Buffer.concat([320, 640].map((width) => make('part.ts', '-f', 'lavfi', '-i', `testsrc2=s=${width}x180:r=25:d=3`, ...sine, '-c:v', 'mpeg2video', '-c:a', 'mp2', '-ar', '32000', '-t', '3').bytes)) },
      make('thousand-a-second.mkv', '-stream_loop', '3', '-i', 'one-second.mkv', '-f', 'lavfi', '-i', 'sine=r=8000:d=80', '-map', '0', '-map', '1', '-c:v', 'copy', '-c:a', 'aac', '-b:a', '16k'),
      make('sample-a-packet.mkv', ...tiny, ...sine, '-c:v', 'mpeg4', '-af', 'asetnsamples=n=1', '-c:a', 'pcm_s16le'),
      { name: '64-channels.wav', bytes: silentWav(64, 8_000) },
      { name: '768-kHz.wav', bytes: silentWav(1, 768_000) },
      { name: 'a-day-long.mp4', bytes: slowed(readFileSync(join(dir, 'two.mp4')), 20_000) },
      { name: 'half-an-hour-long.mp4', bytes: slowed(readFileSync(join(dir, 'two.mp4')), 450) },
      { name: 'hundred-tracks.mp4', bytes: manyTracks(dir, sine, 120) },
      { name: 'long-title.mp4', bytes: longTitle(readFileSync(join(dir, 'two.mp4'))) },
      { name: 'chapters.mkv', bytes: manyChapters(dir) },
    ];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Black, one bit a pixel: 32 kB. */
function hugePng(side: number): Buffer {
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  const rows = Buffer.alloc((1 + side / 8) * side);
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), pngChunk('IHDR', header), pngChunk('IDAT', deflateSync(rows)), pngChunk('IEND', Buffer.alloc(0))]);
}

function pngChunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(named.length + 8);
  framed.writeUInt32BE(data.length, 0);
  named.copy(framed, 4);
  framed.writeUInt32BE(crc32(named), named.length + 4);
  return framed;
}

/** A screen of 65535 × 65535 and two pictures of one pixel, two seconds each. */
function hugeGif(): Buffer {
  const screen = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x80, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff]);
  const frame = Buffer.from([0x21, 0xf9, 4, 0, 200, 0, 0, 0, 0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0]);
  return Buffer.concat([Buffer.from('GIF89a', 'latin1'), screen, frame, frame, Buffer.from([0x3b])]);
}

/** Four seconds of nothing, as a WAV of 16 bits. */
function silentWav(channels: number, rate: number): Buffer {
  const data = Buffer.alloc(4 * rate * channels * 2);
  const header = Buffer.alloc(44);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + data.length, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * channels * 2, 28);
  header.writeUInt16LE(channels * 2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(data.length, 40);
  return Buffer.concat([header, data]);
}

/** Each picture's frame header (SOF0) says 65500 × 65500. */
function hugeJpegs(avi: Buffer): Buffer {
  const copy = Buffer.from(avi);
  for (let at = copy.indexOf(Buffer.from([0xff, 0xc0, 0, 0x11])); at >= 0; at = copy.indexOf(Buffer.from([0xff, 0xc0, 0, 0x11]), at + 1)) {
    copy.writeUInt16BE(65_500, at + 5);
    copy.writeUInt16BE(65_500, at + 7);
  }
  return copy;
}

/** An H.264 sequence parameter set (baseline, level 5.2) of `macroblocks` × `macroblocks`: ISO/IEC 14496-10 §7.3.2.1. */
function hugeParameterSet(macroblocks: number): Buffer {
  const bits: string[] = [];
  const unsigned = (value: number): void => {
    const binary = (value + 1).toString(2);
    bits.push('0'.repeat(binary.length - 1) + binary);
  };
  // id 0, frame numbers of 4 bits, output order is decoding order, one reference, no gaps.
  for (const value of [0, 0, 2, 1]) unsigned(value);
  bits.push('0');
  unsigned(macroblocks - 1);
  unsigned(macroblocks - 1);
  // Frames only, direct 8×8, no cropping, no VUI, stop bit.
  bits.push('11001');
  const text = bits.join('');
  const bytes = text.padEnd(Math.ceil(text.length / 8) * 8, '0').match(/.{8}/g) ?? [];
  return Buffer.from([0x67, 66, 0, 52, ...bytes.map((byte) => Number.parseInt(byte, 2))]);
}

/** Replaces the parameter set of an elementary stream. */
function withParameterSet(stream: Buffer, set: Buffer): Buffer {
  const from = stream.indexOf(Buffer.from([0, 0, 1, 0x67]));
  const next = stream.indexOf(Buffer.from([0, 0, 1]), from + 4);
  return Buffer.concat([stream.subarray(0, from + 3), set, Buffer.from([0]), stream.subarray(next)]);
}

function elementaryInTs(dir: string, name: string, format: string): Buffer {
  // Described by hand: looking at it is what would take the memory.
  execFileSync('ffmpeg', ['-v', 'quiet', '-nostdin', '-y', '-max_pixels', '40000000', '-framerate', '10', '-f', format, '-i', name, '-c', 'copy', '-f', 'mpegts', 'out.ts'], { cwd: dir });
  return readFileSync(join(dir, 'out.ts'));
}

/** Time scales of an MP4 divided: what plays four seconds is said to play `factor` times as long. */
function slowed(mp4: Buffer, factor: number): Buffer {
  const copy = Buffer.from(mp4);
  for (const [name, at] of [['mvhd', 16], ['mdhd', 16]] as const) {
    for (let found = copy.indexOf(name); found >= 0; found = copy.indexOf(name, found + 4)) {
      const scaleAt = found + at;
      copy.writeUInt32BE(Math.max(1, Math.round(copy.readUInt32BE(scaleAt) / factor)), scaleAt);
    }
  }
  return copy;
}

function manyTracks(dir: string, sine: readonly string[], count: number): Buffer {
  execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...sine, ...Array.from({ length: count }, () => ['-map', '0:a']).flat(), '-c:a', 'pcm_s16le', '-f', 'mov', 'tracks.mov'], { cwd: dir });
  return readFileSync(join(dir, 'tracks.mov'));
}

/** A title of ten megabytes in an MP4 whose index comes last. */
function longTitle(mp4: Buffer): Buffer {
  const text = Buffer.alloc(10_000_000, 'a');
  const data = mp4Box('data', Buffer.concat([Buffer.from([0, 0, 0, 1, 0, 0, 0, 0]), text]));
  const list = mp4Box('ilst', mp4Box('\u00a9nam', data));
  const handler = mp4Box('hdlr', Buffer.concat([Buffer.alloc(8), Buffer.from('mdirappl', 'latin1'), Buffer.alloc(9)]));
  const udta = mp4Box('udta', mp4Box('meta', Buffer.concat([Buffer.alloc(4), handler, list])));
  const moovAt = mp4.lastIndexOf('moov') - 4;
  const copy = Buffer.concat([mp4, udta]);
  copy.writeUInt32BE(mp4.length - moovAt + udta.length, moovAt);
  return copy;
}

function manyChapters(dir: string): Buffer {
  const chapters = Array.from({ length: 40_000 }, (_, n) => `[CHAPTER]\nTIMEBASE=1/100000\nSTART=${n * 10}\nEND=${n * 10 + 9}\ntitle=Chapter ${n}\n`);
  writeFileSync(join(dir, 'chapters.txt'), `;FFMETADATA1\n${chapters.join('')}`);
  execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', '-i', 'two.mp4', '-i', 'chapters.txt', '-map', '0', '-map_chapters', '1', '-c', 'copy', 'chapters.mkv'], { cwd: dir });
  return readFileSync(join(dir, 'chapters.mkv'));
}
