/**
 * Every setting, once, as plain data: the flags, environment variables, configuration keys, JSON Schema and documentation
 * are made from this table. Nothing here may import: `snvg --help` reads it.
 */
interface OptionBase {
  /** Key in a configuration file, camelCase. */
  key: string;
  /** Without dashes; defaults to the key in kebab-case. */
  flag?: string;
  short?: string;
  env?: string;
  doc: string;
  /** Heading it stands under in help and documentation. */
  group: string;
  /** Where it may be given: on every command, on commands that run stages, that show a result, that publish, that plan posts, that can be rehearsed, or that talk to other machines. */
  scope: 'global' | 'run' | 'output' | 'publish' | 'schedule' | 'rehearse' | 'machines';
  /** Only a flag: makes no sense in a file. */
  flagOnly?: true;
  /** Widens what snvg talks to or lets out: never taken from a file that was found in the working directory, which may be a stranger's. */
  guarded?: true;
}

export type OptionSpec =
  | (OptionBase & { type: 'boolean'; default: boolean })
  | (OptionBase & { type: 'integer'; default: number | null; min: number; max: number; placeholder: string })
  | (OptionBase & { type: 'number'; default: number | null; min: number; max: number; placeholder: string })
  | (OptionBase & {
      type: 'text';
      default: string | null;
      placeholder: string;
      /** `expects` says in words what `pattern` demands. */
      pattern?: string;
      expects?: string;
      /**
       * The value is a path. In a configuration file, relative ones count from the file's folder; the bare name of a program is looked up on PATH.
       * A program is never taken from a file that was found by searching: opening a downloaded folder must not choose what runs.
       */
      path?: 'folder' | 'file' | 'program';
      /** The value may hold fields in braces (docs/outputs.md). */
      template?: true;
    })
  | (OptionBase & { type: 'choice'; default: string; choices: readonly string[] })
  | (OptionBase & { type: 'list'; default: readonly string[]; choices?: readonly string[]; placeholder: string })
  /** Names and what belongs to each: an address, or settings of its own. Has no flag; as an environment variable it is JSON. */
  | (OptionBase & { type: 'map'; default: Readonly<Record<string, never>>; values: 'address' | 'settings'; expects: string });

export const formats = ['vertical', 'square', 'wide'] as const;
export type Format = (typeof formats)[number];

const color = { pattern: '^#[0-9a-fA-F]{6}$', expects: 'a colour such as #FFE500' } as const;

const group = {
  find: 'Where inputs come from',
  make: 'What to make',
  look: 'How it looks',
  encode: 'How it is encoded',
  place: 'Where it goes',
  publish: 'How it is published',
  schedule: 'When it is published',
  run: 'How it runs',
  machines: 'On which machines',
  report: 'What is said about it',
} as const;

export const options = [
  { key: 'fromList', group: group.find, type: 'text', default: null, placeholder: 'file', scope: 'run', flagOnly: true, doc: 'More inputs from a list, one path, address or JSON object a line; - reads stdin' },
  { key: 'recursive', group: group.find, type: 'boolean', default: false, short: 'r', env: 'SNVG_RECURSIVE', scope: 'run', doc: 'Take the videos in the folders of a folder too' },
  { key: 'maxDownload', group: group.find, type: 'number', default: 50, min: 0.001, max: 10_000, placeholder: 'GB', env: 'SNVG_MAX_DOWNLOAD', scope: 'run', doc: 'Largest download, in gigabytes' },
  { key: 'allowPrivateNetwork', group: group.find, type: 'boolean', default: false, env: 'SNVG_ALLOW_PRIVATE_NETWORK', scope: 'run', guarded: true, doc: 'Fetch from this machine and private networks too' },
  { key: 'ytDlp', group: group.find, type: 'text', default: 'yt-dlp', placeholder: 'path', path: 'program', env: 'SNVG_YT_DLP', scope: 'global', doc: 'The yt-dlp that fetches the films of pages' },
  { key: 's3Endpoint', group: group.find, type: 'text', default: null, placeholder: 'url', pattern: '^https?://', expects: 'an http(s) address', env: 'SNVG_S3_ENDPOINT', scope: 'run', guarded: true, doc: 'Address of an S3-compatible store for all s3:// addresses (default: AWS)' },
  { key: 'clips', group: group.make, type: 'integer', default: null, min: 1, max: 50, placeholder: 'n', short: 'n', env: 'SNVG_CLIPS', scope: 'run', doc: 'How many clips at most (default: one a minute, 1 to 9)' },
  { key: 'minLength', group: group.make, type: 'number', default: 20, min: 3, max: 600, placeholder: 'seconds', env: 'SNVG_MIN_LENGTH', scope: 'run', doc: 'Shortest clip' },
  { key: 'maxLength', group: group.make, type: 'number', default: 60, min: 5, max: 900, placeholder: 'seconds', env: 'SNVG_MAX_LENGTH', scope: 'run', doc: 'Longest clip' },
  { key: 'format', group: group.make, type: 'list', default: ['vertical'], choices: formats, placeholder: 'name', short: 'f', env: 'SNVG_FORMAT', scope: 'run', doc: 'Shape: vertical 1080×1920, square 1080×1080, wide 1920×1080; several with commas' },
  { key: 'language', group: group.make, type: 'text', default: 'auto', placeholder: 'code', pattern: '^(auto|[a-z]{2,3})$', expects: 'auto or a language code such as en', env: 'SNVG_LANGUAGE', scope: 'run', doc: 'Spoken language (en, ja, …); auto detects it' },
  { key: 'audioTrack', group: group.make, type: 'text', default: null, placeholder: 'n|language', pattern: '^([0-9]{1,3}|[A-Za-z]{2,3})$', expects: 'the number of a stream such as 2, or a language code such as en', env: 'SNVG_AUDIO_TRACK', scope: 'run', doc: 'The audio track to work on, by its number in the file (as ffprobe counts) or its language; default: the likeliest' },
  { key: 'useCaptions', group: group.make, type: 'boolean', default: false, env: 'SNVG_USE_CAPTIONS', scope: 'run', doc: 'Take the words from captions found with the source, not from its sound' },
  { key: 'captions', group: group.look, type: 'boolean', default: true, env: 'SNVG_CAPTIONS', scope: 'run', doc: 'Burn captions into the picture' },
  { key: 'captionColor', group: group.look, type: 'text', default: '#FFFFFF', placeholder: '#rrggbb', ...color, env: 'SNVG_CAPTION_COLOR', scope: 'run', doc: 'Colour of caption text' },
  { key: 'captionHighlight', group: group.look, type: 'text', default: '#FFE500', placeholder: '#rrggbb', ...color, env: 'SNVG_CAPTION_HIGHLIGHT', scope: 'run', doc: 'Colour of the word being spoken' },
  { key: 'captionSize', group: group.look, type: 'integer', default: 84, min: 36, max: 160, placeholder: 'px', env: 'SNVG_CAPTION_SIZE', scope: 'run', doc: 'Caption size in pixels on a 1920 high picture' },
  { key: 'captionUppercase', group: group.look, type: 'boolean', default: false, env: 'SNVG_CAPTION_UPPERCASE', scope: 'run', doc: 'Captions in capitals' },
  { key: 'cover', group: group.look, type: 'text', default: null, placeholder: 'picture', path: 'file', env: 'SNVG_COVER', scope: 'run', doc: 'PNG or JPEG shown in clips of sound alone (default: the cover art in the file, else a calm backdrop)' },
  { key: 'crf', group: group.encode, type: 'integer', default: 20, min: 0, max: 40, placeholder: 'n', env: 'SNVG_CRF', scope: 'run', doc: 'x264 quality: lower is better and larger' },
  { key: 'preset', group: group.encode, type: 'choice', default: 'veryfast', choices: ['ultrafast', 'superfast', 'veryfast', 'faster', 'fast', 'medium', 'slow'], env: 'SNVG_PRESET', scope: 'run', doc: 'x264 preset' },
  { key: 'loudness', group: group.encode, type: 'number', default: -14, min: -30, max: -8, placeholder: 'LUFS', env: 'SNVG_LOUDNESS', scope: 'run', doc: 'Integrated loudness of each clip' },
  { key: 'output', group: group.place, type: 'text', default: null, placeholder: 'folder', path: 'folder', template: true, short: 'o', env: 'SNVG_OUTPUT', scope: 'run', doc: 'Output folder (default: <name>.snvg in the working directory); may hold fields such as {source}' },
  { key: 'nameTemplate', group: group.place, type: 'text', default: '{index}-{title}', placeholder: 'template', template: true, env: 'SNVG_NAME_TEMPLATE', scope: 'run', doc: 'Names of the clips, from fields such as {index} {title} {source} {start} (docs/outputs.md)' },
  { key: 'to', group: group.publish, type: 'list', default: [], placeholder: 'target', env: 'SNVG_TO', scope: 'publish', doc: 'Publish to these targets: <platform>[:<account>] or file:<folder>; repeat for several' },
  { key: 'set', group: group.publish, type: 'list', default: [], placeholder: 'platform.key=value', scope: 'publish', flagOnly: true, doc: 'A setting of a platform, such as youtube.privacy=unlisted (docs/publishing.md); repeat for several' },
  { key: 'platforms', group: group.publish, type: 'map', values: 'settings', default: {}, env: 'SNVG_PLATFORMS', scope: 'publish', expects: 'an object such as {"youtube": {"privacy": "private"}}', doc: 'Settings of platforms (docs/publishing.md); single ones with --set' },
  { key: 'ledger', group: group.publish, type: 'text', default: null, placeholder: 'file|s3://…', env: 'SNVG_LEDGER', scope: 'publish', guarded: true, doc: 'Where it is kept what was posted: a file, or s3://bucket/folder to share it between machines (default: the job database)' },
  { key: 'autoApprove', group: group.publish, type: 'boolean', default: false, env: 'SNVG_AUTO_APPROVE', scope: 'publish', guarded: true, doc: 'Publish without a review what --min-score and --no-notices let through' },
  { key: 'minScore', group: group.publish, type: 'number', default: 0, min: 0, max: 100, placeholder: 'n', env: 'SNVG_MIN_SCORE', scope: 'publish', doc: 'With --auto-approve: only clips of at least this score' },
  { key: 'notices', group: group.publish, type: 'boolean', default: true, env: 'SNVG_NOTICES', scope: 'publish', doc: 'Approve, with --auto-approve, also clips that were made in a lesser way' },
  { key: 'together', group: group.publish, type: 'boolean', default: false, env: 'SNVG_TOGETHER', scope: 'publish', doc: 'Take back what is not public yet everywhere when one platform fails' },
  { key: 'slots', group: group.schedule, type: 'text', default: null, placeholder: 'times', env: 'SNVG_SLOTS', scope: 'schedule', doc: 'When posts go out, such as "mon-fri 18:00; sat,sun 10:30", or a cron expression: each takes the next free slot' },
  { key: 'timeZone', flag: 'zone', group: group.schedule, type: 'text', default: null, placeholder: 'zone', env: 'SNVG_TIME_ZONE', scope: 'schedule', doc: 'Time zone that times and slots are meant in, such as Europe/Berlin (default: that of this machine)' },
  { key: 'maxPerDay', group: group.schedule, type: 'integer', default: null, min: 1, max: 100, placeholder: 'n', env: 'SNVG_MAX_PER_DAY', scope: 'schedule', doc: 'Posts planned for one account on one day at most' },
  { key: 'spacing', group: group.schedule, type: 'integer', default: null, min: 1, max: 44_640, placeholder: 'minutes', env: 'SNVG_SPACING', scope: 'schedule', doc: 'Least time between two posts planned for one account' },
  { key: 'quietHours', group: group.schedule, type: 'text', default: null, placeholder: 'from-to', pattern: '^\\d{1,2}:\\d\\d *- *\\d{1,2}:\\d\\d$', expects: 'hours such as 22:00-07:00', env: 'SNVG_QUIET_HOURS', scope: 'schedule', doc: 'No posts are planned in these hours, such as 22:00-07:00' },
  { key: 'missed', group: group.schedule, type: 'choice', default: 'post', choices: ['post', 'skip', 'next'], env: 'SNVG_MISSED', scope: 'schedule', doc: 'A post whose time passed while nothing ran: post it up to a day late, leave it out, or give it the next free slot' },
  { key: 'sandbox', group: group.publish, type: 'boolean', default: false, scope: 'rehearse', flagOnly: true, doc: 'Rehearse: publish to stand-ins of the platforms inside this process, without accounts and waits; nothing leaves the machine, nothing is kept' },
  { key: 'sandboxFaults', group: group.publish, type: 'integer', default: null, min: 0, max: 999_999_999, placeholder: 'seed', scope: 'rehearse', flagOnly: true, doc: 'With --sandbox: a fifth of the requests go wrong, which and how is decided by this number' },
  { key: 'platformHosts', group: group.publish, type: 'map', values: 'address', default: {}, env: 'SNVG_PLATFORM_HOSTS', scope: 'publish', guarded: true, expects: 'an object such as {"www.googleapis.com": "http://127.0.0.1:9000/google"}', doc: 'Other addresses for the hosts of platforms, for proxies and rehearsals; * stands for all others' },
  { key: 'concurrency', group: group.run, type: 'integer', default: null, min: 1, max: 256, placeholder: 'cores', short: 'j', env: 'SNVG_CONCURRENCY', scope: 'run', doc: 'CPU cores to use (default: all)' },
  { key: 'backend', group: group.machines, type: 'choice', default: 'local', choices: ['local', 'ssh', 'queue'], env: 'SNVG_BACKEND', scope: 'run', guarded: true, doc: 'Where the work is done: on this machine, on hosts reached by SSH, or by workers at a queue' },
  { key: 'hosts', flag: 'host', group: group.machines, type: 'list', default: [], placeholder: 'user@host', env: 'SNVG_HOSTS', scope: 'run', guarded: true, doc: 'Hosts for --backend ssh, as ssh knows them (default: those of snvg hosts add); repeat for several' },
  { key: 'here', group: group.machines, type: 'boolean', default: true, env: 'SNVG_HERE', scope: 'run', doc: 'Have this machine take its share of the work that could be done elsewhere' },
  { key: 'queue', group: group.machines, type: 'text', default: null, placeholder: 'redis://…', pattern: '^rediss?://', expects: 'an address such as redis://127.0.0.1:6379', env: 'SNVG_QUEUE', scope: 'machines', guarded: true, doc: 'The Redis at which workers wait, for --backend queue' },
  { key: 'store', group: group.machines, type: 'text', default: null, placeholder: 'folder|s3://…', env: 'SNVG_STORE', scope: 'machines', guarded: true, doc: 'Where machines at a queue leave files for each other: a folder that all of them see, or s3://bucket/folder' },
  { key: 'needs', flag: 'need', group: group.machines, type: 'list', default: [], placeholder: 'tag', env: 'SNVG_NEEDS', scope: 'run', doc: 'With --backend queue: only workers with this tag take the work; repeat for several' },
  { key: 'jobs', group: group.run, type: 'integer', default: null, min: 1, max: 64, placeholder: 'n', env: 'SNVG_JOBS', scope: 'run', doc: 'Inputs to work on at once (default: by cores and memory, 2 on most machines)' },
  { key: 'keepGoing', group: group.run, type: 'boolean', default: false, env: 'SNVG_KEEP_GOING', scope: 'run', doc: 'Try every input even after one has failed' },
  { key: 'strict', group: group.run, type: 'boolean', default: false, env: 'SNVG_STRICT', scope: 'run', doc: 'Exit 8 when anything was done in a lesser way' },
  { key: 'fresh', group: group.run, type: 'boolean', default: false, scope: 'run', flagOnly: true, doc: 'Forget earlier results for this source and start anew' },
  { key: 'dryRun', group: group.run, type: 'boolean', default: false, scope: 'run', flagOnly: true, doc: 'Say what would be done; write nothing' },
  { key: 'vault', group: group.run, type: 'choice', default: 'auto', choices: ['auto', 'keyring', 'file'], env: 'SNVG_VAULT', scope: 'global', guarded: true, doc: 'Where the key of the vault of logins lies: in the keyring of the desktop (auto takes it where there is one), or with the file itself' },
  { key: 'ffmpeg', group: group.run, type: 'text', default: null, placeholder: 'path', path: 'program', env: 'SNVG_FFMPEG', scope: 'global', doc: 'The ffmpeg to use (5.1 or later, with libass and libx264)' },
  { key: 'ffprobe', group: group.run, type: 'text', default: null, placeholder: 'path', path: 'program', env: 'SNVG_FFPROBE', scope: 'global', doc: 'The ffprobe to use' },
  { key: 'models', group: group.run, type: 'text', default: null, placeholder: 'folder', path: 'folder', env: 'SNVG_MODELS', scope: 'global', doc: 'Folder of model weights (default: those shipped with snvg)' },
  { key: 'json', group: group.report, type: 'boolean', default: false, scope: 'output', flagOnly: true, doc: 'One JSON result on stdout' },
  { key: 'events', group: group.report, type: 'boolean', default: false, scope: 'output', flagOnly: true, doc: 'One JSON line per event on stdout, as it happens' },
  { key: 'color', group: group.report, type: 'boolean', default: true, scope: 'output', flagOnly: true, doc: 'Use colour and a live view on a terminal' },
  { key: 'logLevel', group: group.report, type: 'choice', default: 'warn', choices: ['debug', 'info', 'warn', 'error', 'silent'], env: 'SNVG_LOG_LEVEL', scope: 'global', doc: 'How much to log on stderr' },
] as const satisfies readonly OptionSpec[];

type Row = (typeof options)[number];
type ValueOf<R extends Row> = R['type'] extends 'boolean'
  ? boolean
  : R['type'] extends 'integer' | 'number'
    ? number | Extract<R['default'], null>
    : R['type'] extends 'list'
      ? (R extends { choices: readonly (infer C)[] } ? C : string)[]
      : R extends { values: infer V }
        ? Readonly<Record<string, V extends 'address' ? string : Readonly<Record<string, unknown>>>>
        : R extends { choices: readonly (infer C)[] }
          ? C
          : string | Extract<R['default'], null>;

/** Validated settings of one run: flags over environment over file over defaults. Frozen. */
export type Settings = Readonly<{ [R in Row as R['key']]: ValueOf<R> }>;
export type OptionKey = Row['key'];

/** `maxLength` → `max-length`. */
export function flagOf(option: { key: string; flag?: string }): string {
  return option.flag ?? option.key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
