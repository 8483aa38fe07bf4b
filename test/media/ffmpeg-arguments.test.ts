import createCommand from 'fluent-ffmpeg';
import { describe, expect, it } from 'vitest';
import { buildArguments } from '../../src/media/ffmpeg.js';

/** What src/media/ffmpeg.ts relies on; fluent-ffmpeg is pinned, and these would break with it. */
describe('fluent-ffmpeg as a builder', () => {
  it('keeps varargs options whole', () => {
    const args = createCommand().input('file:/in.mp4').inputOptions('-ss', '1.5').output('out.mp4').outputOptions('-metadata', 'title=a b "c" \'d\'')._getArguments();
    expect(args).toEqual(['-ss', '1.5', '-i', 'file:/in.mp4', '-y', '-metadata', 'title=a b "c" \'d\'', 'out.mp4']);
  });

  it('splits a lone string at its space, which is why it is never given one', () => {
    const args = createCommand().input('file:/in.mp4').output('out.mp4').outputOptions('-metadata title=a')._getArguments();
    expect(args.slice(-3)).toEqual(['-metadata', 'title=a', 'out.mp4']);
  });

  it('passes a filter graph with quotes as it stands', () => {
    const graph = "[0:v]drawtext=text='it\\'s 5\\:30, ok',split[a][b];[a][b]overlay[v]";
    const args = createCommand().input('file:/in.mp4').complexFilter(graph).output('out.mp4')._getArguments();
    expect(args[args.indexOf('-filter_complex') + 1]).toBe(graph);
  });

  it('keeps inputs and outputs in order with their own options', () => {
    const args = createCommand()
      .input('file:/1').inputOptions('-t', '1')
      .input('file:/2').inputOptions('-t', '2')
      .output('a').outputOptions('-map', '0')
      .output('b').outputOptions('-map', '1')
      ._getArguments();
    expect(args).toEqual(['-t', '1', '-i', 'file:/1', '-t', '2', '-i', 'file:/2', '-y', '-map', '0', 'a', '-map', '1', 'b']);
  });
});

const before = (args: string[], input: string): string[] => args.slice(0, args.indexOf(input));

describe('argument lists', () => {
  it('guard every input and read nobody’s keys', () => {
    const args = buildArguments({ inputs: [{ path: '/a/http:x.mp4' }, { path: '/-b.mp4', seekUs: 1_500_000, durationUs: 20 }], outputs: [{ to: null, options: ['-map', '0:v'] }] });
    expect(args[0]).toBe('-nostdin');
    expect(args).toContain('-benchmark');
    expect(args.filter((arg) => arg === '-protocol_whitelist')).toHaveLength(2);
    expect(args.filter((arg) => arg === '-format_whitelist')).toHaveLength(2);
    expect(args).toContain('file:/a/http:x.mp4');
    expect(before(args, 'file:/-b.mp4').slice(-5)).toEqual(['-ss', '1.500000', '-t', '0.000020', '-i']);
    const formats = args[args.indexOf('-format_whitelist') + 1]?.split(',') ?? [];
    expect(formats).toContain('matroska');
    for (const dangerous of ['concat', 'hls', 'dash', 'lavfi', 'image2', 'tty', 'rtsp', 'sdp']) expect(formats).not.toContain(dangerous);
  });

  it('report progress on stdout unless media goes there', () => {
    const inputs = [{ path: '/in.mp4' }];
    const toFile = buildArguments({ inputs, outputs: [{ to: 'out.mp4', options: ['-c', 'copy'] }] });
    expect(toFile[toFile.indexOf('-progress') + 1]).toBe('pipe:1');
    expect(buildArguments({ inputs, outputs: [{ to: 'pipe:1', options: ['-f', 'rawvideo'] }] })).not.toContain('-progress');
  });

  it('name raw formats instead of guessing them', () => {
    const args = buildArguments({ inputs: [{ path: '/speech.pcm', rawFormat: 's16le', options: ['-ar', '16000', '-ac', '1'] }], outputs: [{ to: null, options: ['-map', '0'] }] });
    expect(before(args, 'file:/speech.pcm')).toEqual(expect.arrayContaining(['-f', 's16le', '-ar', '16000']));
    expect(args).not.toContain('-format_whitelist');
  });

  it('refuse relative inputs, which would count from the scratch folder', () => {
    expect(() => buildArguments({ inputs: [{ path: 'in.mp4' }], outputs: [] })).toThrow(/not absolute/);
  });

  it('refuse an option without a value, which would be split at its spaces', () => {
    expect(() => buildArguments({ inputs: [{ path: '/in.mp4' }], outputs: [{ to: 'out.mp4', options: ['-an'] }] })).toThrow(/stands alone/);
  });
});
