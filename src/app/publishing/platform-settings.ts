import type { Settings } from '../../config/options.js';
import { SnvgError } from '../../errors.js';
import type { Publisher } from '../../publishers/publisher.js';

/** Settings of one platform, checked by it. */
export interface PlatformSettings {
  options: unknown;
  /** The format to send, where a person chose it. */
  format: string | null;
}

/** A key that snvg itself has on every platform: which of a clip's formats is sent. */
const formatKey = 'format';

/**
 * What the configuration and `--set` say about a platform.
 * @throws {SnvgError} USAGE for a flag, CONFIG_INVALID for the file: the message names the key
 */
export function platformSettings(publisher: Publisher, settings: Pick<Settings, 'platforms' | 'set'>): PlatformSettings {
  const configured = settings.platforms[publisher.id] ?? {};
  const typed = typedSettings(settings.set)[publisher.id] ?? {};
  const { [formatKey]: format, ...own } = { ...configured, ...typed };
  if (format !== undefined && typeof format !== 'string') throw refusal(publisher, formatKey, format, 'the name of a format', typed);
  const asText = publisher.options.safeParse(own);
  const parsed = asText.success ? asText : publisher.options.safeParse(readAsData(own, typed, new Set(asText.error.issues.map(({ path }) => String(path[0])))));
  const [issue] = parsed.error?.issues ?? [];
  if (issue) {
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
    const key = unknown ?? String(issue.path[0] ?? '');
    throw refusal(publisher, key, own[key], unknown === undefined ? issue.message : undefined, typed);
  }
  return { options: parsed.data, format: format ?? null };
}

/**
 * `--set youtube.privacy=public`, by platform and key.
 * @throws {SnvgError} USAGE
 */
export function typedSettings(given: readonly string[]): Record<string, Record<string, string>> {
  const typed: Record<string, Record<string, string>> = {};
  for (const text of given) {
    const [, platform, key, value] = /^([a-z][a-z0-9-]*)\.([A-Za-z][A-Za-z0-9]*)=(.*)$/s.exec(text) ?? [];
    if (platform === undefined || key === undefined || value === undefined) throw new SnvgError('USAGE', `--set ${JSON.stringify(text)} is no setting of a platform`, 'Write it as <platform>.<key>=<value>: --set youtube.privacy=unlisted');
    typed[platform] = { ...typed[platform], [key]: value };
  }
  return typed;
}

/** Text from the command line as the number, switch or list it stands for, where the text itself does not fit. */
function readAsData(own: Record<string, unknown>, typed: Record<string, string>, misfits: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(own).map(([key, value]) => [key, misfits.has(key) && value === typed[key] ? fromText(value) : value]));
}

function fromText(text: unknown): unknown {
  if (typeof text !== 'string') return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text.split(',').map((part) => part.trim());
  }
}

function refusal(publisher: Publisher, key: string, value: unknown, expected: string | undefined, typed: Record<string, unknown>): SnvgError {
  const byFlag = Object.hasOwn(typed, key);
  const place = byFlag ? `--set ${publisher.id}.${key}` : `platforms.${publisher.id}.${key}`;
  const what = expected === undefined ? `${publisher.name} has no setting of this name` : `${JSON.stringify(value) ?? 'nothing'} does not fit: ${expected}`;
  return new SnvgError(byFlag ? 'USAGE' : 'CONFIG_INVALID', `${place}: ${what}`, `See the settings of ${publisher.id} in docs/publishing.md; correct or remove it.`);
}
