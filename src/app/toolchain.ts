import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fontsIdentity } from '../captions/fonts.js';
import type { Settings } from '../config/options.js';
import { describeRuntime } from '../inference/describe-runtime.js';
import { modelIdentities, modelRemedy, readModelCatalog } from '../inference/model-catalog.js';
import { verifyModels } from '../inference/model-files.js';
import { inspectFfmpeg } from '../media/capabilities.js';
import { type ErrorReport, reportError, SnvgError } from '../errors.js';
import type { Toolchain } from '../pipeline/stage.js';

interface Remembering {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
}

/** The package's own folder: this file lies two levels below it, in src/app or dist/app. */
const packageRoot = fileURLToPath(new URL('../..', import.meta.url));

export function modelsFolder(settings: Pick<Settings, 'models'>): string {
  return settings.models ?? join(packageRoot, 'models');
}

export const fontsFolder = join(packageRoot, 'assets', 'fonts');

/**
 * Everything outside the code that changes what tasks produce, checked before any work. What was checked before is
 * remembered by size and time: a second run starts no process for it.
 *
 * @throws {SnvgError} FFMPEG_MISSING, FFMPEG_TOO_OLD, FFMPEG_INCAPABLE, MODEL_MISSING, MODEL_CORRUPT
 */
export async function findToolchain(settings: Pick<Settings, 'ffmpeg' | 'ffprobe' | 'models'>, memo: Remembering): Promise<Toolchain> {
  const modelsDir = modelsFolder(settings);
  const tools = await inspectFfmpeg({ ffmpeg: settings.ffmpeg, ffprobe: settings.ffprobe }, memo);
  await checkModels(modelsDir, memo);
  return {
    ffmpeg: { path: tools.ffmpeg.path, identity: tools.ffmpeg.identity },
    ffprobe: { path: tools.ffprobe.path },
    modelsDir,
    fontsDir: fontsFolder,
    identities: { ffmpeg: tools.ffmpeg.identity, fonts: await fontsIdentity(fontsFolder), ...(await modelIdentities(modelsDir)) },
  };
}

/** What a machine has of a toolchain, and what it lacks. */
export interface ToolchainSurvey {
  /** Without identities of what is lacking: no task that needs it has the same key here as elsewhere. */
  toolchain: Toolchain;
  missing: Pick<ErrorReport, 'code' | 'message' | 'remedy'>[];
}

/** The same part by part, for a machine that may do less than everything. Throws nothing for what is not there. */
export async function surveyToolchain(settings: Pick<Settings, 'ffmpeg' | 'ffprobe' | 'models'>, memo: Remembering): Promise<ToolchainSurvey> {
  const modelsDir = modelsFolder(settings);
  const missing: ToolchainSurvey['missing'] = [];
  const note = (error: unknown): undefined => {
    const { code, message, remedy } = reportError(error);
    missing.push({ code, message, remedy });
  };
  const tools = await inspectFfmpeg({ ffmpeg: settings.ffmpeg, ffprobe: settings.ffprobe }, memo).catch(note);
  const fonts = await fontsIdentity(fontsFolder).catch((error: unknown) => note(new SnvgError('MODEL_MISSING', `The fonts that ship with snvg cannot be read: ${(error as Error).message}`, modelRemedy)));
  const models = await usableModels(modelsDir, memo, note).catch(note);
  const ffmpeg = tools?.ffmpeg ?? { path: 'ffmpeg', identity: '' };
  return {
    toolchain: {
      ffmpeg: { path: ffmpeg.path, identity: ffmpeg.identity },
      ffprobe: { path: tools?.ffprobe.path ?? 'ffprobe' },
      modelsDir,
      fontsDir: fontsFolder,
      identities: { ...(tools && { ffmpeg: ffmpeg.identity }), ...(fonts !== undefined && { fonts }), ...models },
    },
    missing,
  };
}

/** Identities of the models whose files are as shipped. */
async function usableModels(modelsDir: string, memo: Remembering, note: (error: unknown) => void): Promise<Record<string, string>> {
  const identities: Record<string, string> = await modelIdentities(modelsDir);
  if (!(await hasRuntime(memo, note))) return {};
  const whole = await checkModels(modelsDir, memo).then(
    () => true,
    () => false,
  );
  if (whole) return identities;
  for (const { id, fault } of await verifyModels(modelsDir)) {
    if (!fault) continue;
    delete identities[`model:${id}`];
    note(new SnvgError(fault.code === 'MODEL_MISSING' ? 'MODEL_MISSING' : 'MODEL_CORRUPT', fault.message, fault.remedy));
  }
  return identities;
}

/** Whether models can be run at all. What was found is remembered for this installation and this Node. */
async function hasRuntime(memo: Remembering, note: (error: unknown) => void): Promise<boolean> {
  const { mtimeMs } = await stat(join(packageRoot, 'package.json'));
  const [key, stamp] = [`inference ${packageRoot}`, `${process.versions.node} ${mtimeMs}`];
  if (memo.get(key) === stamp) return true;
  try {
    await describeRuntime('/');
  } catch (error) {
    note(error);
    return false;
  }
  memo.set(key, stamp);
  return true;
}

async function checkModels(modelsDir: string, memo: Remembering): Promise<void> {
  const { models } = await readModelCatalog(modelsDir);
  const stamps = await Promise.all(
    Object.values(models)
      .flatMap((model) => model.files)
      .map(async ({ path, sha256 }) => {
        const info = await stat(join(modelsDir, path)).catch(() => undefined);
        return `${path} ${sha256} ${info ? `${info.size}.${info.mtimeMs}.${info.ino}` : 'absent'}`;
      }),
  );
  const stamp = stamps.join('\n');
  const key = `models ${modelsDir}`;
  if (memo.get(key) === stamp) return;
  for (const { fault } of await verifyModels(modelsDir)) {
    if (fault) throw new SnvgError(fault.code === 'MODEL_MISSING' ? 'MODEL_MISSING' : 'MODEL_CORRUPT', fault.message, fault.remedy);
  }
  memo.set(key, stamp);
}
