import { describe, expect, it } from 'vitest';
import { runDoctor, type DoctorChecks } from '../../src/commands/doctor.js';
import { SnvgError } from '../../src/errors.js';

const well: DoctorChecks = {
  versions: () => ({ snvg: '0.1.0', node: '20.20.2', nodeNeeded: '20.19 or later', nodeIsEnough: true, platform: 'linux x64' }),
  ffmpeg: async () => ({ path: '/usr/bin/ffmpeg', version: '5.1.9', libavutil: '57.28.100', probePath: '/usr/bin/ffprobe', present: ['ass', 'libx264'], missing: [], optionalMissing: [], installHint: '`apt`' }),
  fonts: async () => ({ covered: [{ font: 'Inter ExtraBold', scripts: ['Latin', 'Greek'] }], uncovered: ['Arabic'] }),
  disk: async () => [{ what: 'cache', path: '/c', freeBytes: 80e9, wantedBytes: 2e9, neededBytes: 200e6 }],
  models: async () => [{ id: 'whisper-base', purpose: 'Speech to text', sizeBytes: 77.3e6, fault: undefined }],
  runtime: async () => ({ kind: 'native', name: 'onnxruntime-node 1.30.0' }),
  ytDlp: async () => ({ command: 'yt-dlp', found: { version: '2023.03.04' } }),
  hosts: async () => ({ names: [], ssh: undefined }),
  database: async () => ({ path: '/d/snvg.db', jobs: null }),
};

async function doctor(checks: Partial<DoctorChecks> = {}, flags: { json?: boolean; color?: boolean } = {}): Promise<{ code: number; text: string }> {
  let text = '';
  const code = await runDoctor({ checks: { ...well, ...checks }, stdout: { write: (part) => void (text += part) } }, { json: false, color: false, ...flags });
  return { code, text };
}

describe('snvg doctor', () => {
  it('says what it found when all is well', async () => {
    const { code, text } = await doctor();
    expect(code).toBe(0);
    expect(text.split('\n')).toEqual([
      'snvg 0.1.0 on linux x64',
      'ok  node                20.20.2',
      'ok  ffmpeg              5.1.9, libavutil 57.28.100 (/usr/bin/ffmpeg, /usr/bin/ffprobe)',
      'ok  capabilities        ass, libx264',
      'ok  fonts               Latin, Greek (Inter ExtraBold); captions in Arabic would lack glyphs',
      'ok  disk                cache: 80.0 GB free at /c',
      'ok  model:whisper-base  Speech to text, 77.3 MB, as shipped',
      'ok  inference           onnxruntime-node 1.30.0 (native)',
      'ok  yt-dlp              2023.03.04 (yt-dlp); sites change often, so a new one finds more',
      'ok  database            none yet; the first run makes /d/snvg.db',
      'ready',
      '',
    ]);
  });

  it('speaks of ssh only where hosts were added', async () => {
    expect((await doctor({ hosts: async () => ({ names: ['w1', 'w2'], ssh: 'OpenSSH_9.2p1' }) })).text).toContain('ok  ssh                 OpenSSH_9.2p1, for 2 hosts (w1, w2); snvg hosts test looks after them\n');
    const without = await doctor({ hosts: async () => ({ names: ['w1'], ssh: undefined }) });
    expect(without.code).toBe(0);
    expect(without.text).toMatch(/warn {2}ssh +ssh is not installed, by which w1 would be reached\n {6}→ Install the OpenSSH client/);
  });

  it.each<[string, Partial<DoctorChecks>, string]>([
    ['an old node', { versions: () => ({ ...well.versions(), node: '18.0.0', nodeIsEnough: false }) }, '18.0.0; snvg needs 20.19 or later'],
    ['a missing ffmpeg', { ffmpeg: () => Promise.reject(new SnvgError('FFMPEG_MISSING', 'ffmpeg was not found on PATH', 'Install it.')) }, 'FFMPEG_MISSING: ffmpeg was not found on PATH'],
    ['an ffmpeg without libass', { ffmpeg: async () => ({ ...(await well.ffmpeg()), missing: ['ass'] }) }, 'built without ass'],
    ['no fonts', { fonts: async () => ({ covered: [], uncovered: ['Latin'] }) }, 'no caption font'],
    ['a full disk', { disk: async () => [{ what: 'cache', path: '/c', freeBytes: 1e6, wantedBytes: 2e9, neededBytes: 200e6 }] }, '1.0 MB free'],
    ['a damaged model', { models: async () => [{ id: 'm', purpose: 'p', sizeBytes: 1, fault: { message: 'model m is damaged', remedy: 'Reinstall.' } }] }, 'model m is damaged'],
    ['no runtime', { runtime: () => Promise.reject(new SnvgError('INFERENCE_MISSING', 'no onnxruntime', 'Reinstall.')) }, 'INFERENCE_MISSING'],
    ['a damaged database', { database: () => Promise.reject(new SnvgError('DATABASE_CORRUPT', 'damaged', 'Move it away.')) }, 'DATABASE_CORRUPT'],
    ['a check that breaks', { fonts: () => Promise.reject(new TypeError('oops')) }, 'BUG: oops'],
  ])('%s fails with a remedy and exit 4', async (_, checks, found) => {
    const { code, text } = await doctor(checks);
    expect(code).toBe(4);
    const lines = text.split('\n');
    const at = lines.findIndex((line) => line.startsWith('FAIL'));
    expect(lines[at]).toContain(found);
    expect(lines[at + 1]).toMatch(/^ {6}→ .+/);
    expect(lines.at(-2)).toBe('1 problem to solve');
    const json = JSON.parse((await doctor(checks, { json: true })).text) as { ok: boolean; checks: { status: string; remedy?: string }[] };
    expect(json.ok).toBe(false);
    expect(json.checks.filter((check) => check.status === 'fail')).toEqual([expect.objectContaining({ remedy: expect.stringMatching(/.+/) as string })]);
  });

  it.each<[string, Partial<DoctorChecks>]>([
    ['little disk', { disk: async () => [{ what: 'cache', path: '/c', freeBytes: 1e9, wantedBytes: 2e9, neededBytes: 200e6 }] }],
    ['the slow runtime', { runtime: async () => ({ kind: 'wasm', name: 'onnxruntime-web', nativeFailure: 'no binding' }) }],
    ['no tone mapping', { ffmpeg: async () => ({ ...(await well.ffmpeg()), optionalMissing: ['lut3d'] }) }],
  ])('%s is a warning, not a failure', async (_, checks) => {
    const { code, text } = await doctor(checks);
    expect(code).toBe(0);
    expect(text).toMatch(/^warn .+\n {6}→ /m);
    expect(text).toContain('ready, with 1 warning\n');
  });

  it('does without yt-dlp, which only pages need', async () => {
    const { code, text } = await doctor({ ytDlp: async () => ({ command: '/opt/yt-dlp', found: undefined }) });
    expect(code).toBe(0);
    expect(text).toContain('ok  yt-dlp              /opt/yt-dlp is not installed; only films on web pages need it');
  });

  it('colours only the status, and only when asked', async () => {
    expect((await doctor({}, { color: true })).text).toContain('\u001b[32mok  \u001b[39mnode');
  });
});
