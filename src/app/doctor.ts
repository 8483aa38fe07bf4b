import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { openCaptionFonts } from '../captions/fonts.js';
import { systemClock } from '../clock.js';
import type { CommandContext } from '../commands/context.js';
import { runDoctor, type DoctorChecks } from '../commands/doctor.js';
import { describeRuntime } from '../inference/describe-runtime.js';
import { verifyModels } from '../inference/model-files.js';
import { openDatabase } from '../jobs/database.js';
import { Jobs } from '../jobs/jobs.js';
import { surveyFfmpeg } from '../media/capabilities.js';
import { installHint } from '../media/install-hint.js';
import { nearestExisting } from '../output/folder.js';
import { run } from '../process/run.js';
import { surveyYtDlp } from '../sources/page/survey.js';
import { wantsColor } from '../ui/reporter.js';
import { KnownHosts } from './hosts/known-hosts.js';
import { fontsFolder, modelsFolder } from './toolchain.js';

/** `snvg doctor` on this machine. Opens nothing but what it checks: it must work where nothing else does. */
export function doctor(context: CommandContext): Promise<number> {
  const { settings } = context.loaded;
  return runDoctor({ checks: checksOf(context), stdout: context.stdout }, { json: settings.json, color: wantsColor(settings, context.stdout, context.env) });
}

/** Package.json's `engines`, which npm checks too. */
const oldestNode = { major: 20, minor: 19 } as const;
/** The cache keeps a clip, its artifacts and the speech of a source: 2 GB hold some hours of sources. */
const wantedBytes = 2e9;
const neededBytes = 200e6;

/** A word of each script, to ask the fonts for. */
const scriptSamples = {
  Latin: 'Zażółć Ångström',
  Cyrillic: 'Їжак Ёлка',
  Greek: 'Άνθρωπος',
  Japanese: '言葉ことばコトバ',
  Arabic: 'كلمة',
  Hebrew: 'מילה',
  Devanagari: 'शब्द',
  Thai: 'คำ',
  Korean: '단어',
  Chinese: '词语 詞語',
} as const;

function checksOf({ loaded: { settings }, paths, version, cwd }: CommandContext): DoctorChecks {
  return {
    versions: () => {
      const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
      return {
        snvg: version,
        node: process.versions.node,
        nodeNeeded: `${oldestNode.major}.${oldestNode.minor} or later`,
        nodeIsEnough: major > oldestNode.major || (major === oldestNode.major && minor >= oldestNode.minor),
        platform: `${process.platform} ${process.arch}`,
      };
    },
    ffmpeg: async () => {
      const { ffmpeg, ffprobe } = await surveyFfmpeg({ ffmpeg: settings.ffmpeg, ffprobe: settings.ffprobe });
      return { ...ffmpeg, probePath: ffprobe.path, installHint: installHint() };
    },
    fonts: async () => {
      const fonts = await openCaptionFonts(fontsFolder);
      const covered = new Map<string, string[]>();
      const uncovered: string[] = [];
      for (const [script, sample] of Object.entries(scriptSamples)) {
        if (fonts.missingScripts(sample).length > 0) {
          uncovered.push(script);
          continue;
        }
        const font = fonts.faceFor(sample, script === 'Japanese' ? 'ja' : 'en').family;
        covered.set(font, [...(covered.get(font) ?? []), script]);
      }
      return { covered: [...covered].map(([font, scripts]) => ({ font, scripts })), uncovered };
    },
    disk: () => Promise.all([{ what: 'cache', path: paths.cacheDir }, ...(paths.scratchDir.startsWith(paths.cacheDir) ? [] : [{ what: 'temporary files', path: paths.scratchDir }]), { what: 'working directory', path: cwd }].map(freeSpace)),
    models: () => verifyModels(modelsFolder(settings)),
    runtime: () => describeRuntime('/'),
    ytDlp: async () => ({ command: settings.ytDlp, found: await surveyYtDlp(settings.ytDlp) }),
    hosts: async () => {
      const names = (await new KnownHosts(paths).all()).map(({ name }) => name);
      return { names, ssh: names.length === 0 ? undefined : await sshVersion() };
    },
    database: async () => {
      const path = paths.databaseFile;
      if (!existsSync(path)) return { path, jobs: null };
      const db = openDatabase(path);
      try {
        return { path, jobs: new Jobs(db, systemClock, () => true).list().length };
      } finally {
        db.close();
      }
    },
  };
}

/** What `ssh -V` says, which is on stderr; undefined when there is none. */
async function sshVersion(): Promise<string | undefined> {
  try {
    const { stderrTail } = await run({ command: 'ssh', args: ['-V'], cwd: '/', timeoutMs: 10_000 });
    return stderrTail[0]?.split(',')[0];
  } catch {
    return undefined;
  }
}

async function freeSpace({ what, path }: { what: string; path: string }): Promise<Awaited<ReturnType<DoctorChecks['disk']>>[number]> {
  const { bavail, bsize } = await statfs(await nearestExisting(path));
  return { what, path, freeBytes: bavail * bsize, wantedBytes, neededBytes };
}
