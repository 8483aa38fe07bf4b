import type { ExpectedInput } from './expected.js';
import type { Passage } from './go-through.js';

const head = '| Input | What is odd | What snvg sees | What happens |\n| --- | --- | --- | --- |';
const realHeading = '## Real files';

/** docs/inputs.md from the rows of a run. */
export function inputsPage(made: readonly string[], real: readonly string[]): string {
  return `<!-- Made by test/inputs; \`npx vitest run test/inputs -u\` writes it anew. -->
# Inputs

Each of these files went through every stage, from the first byte to a finished square clip of about a second, cut by hand.
The test knows what is right for each (its length, size, rate, colour and tracks by how it was made or by decoding it with other means) and
looks at the finished file: its size, colour tags, number of frames, loudness, and whether the picture is the one that the source shows
at that time, upright.

## Made by \`fixtures/recipe/odd.sh\`

${head}
${made.join('\n')}

${realHeading}

From cameras, phones and the test collections of other programs. They are not part of this repository; the rows are from a run
with them (\`SNVG_TEST_MEDIA\`).

${head}
${real.join('\n')}
`;
}

/** The rows of the second table as the page has them. */
export function rowsOf(documented: string, inputs: readonly ExpectedInput[]): string[] {
  const lines = documented.slice(documented.indexOf(realHeading)).split('\n');
  return inputs.flatMap(({ file }) => lines.filter((line) => line.startsWith(`| \`${file}\` |`)));
}

export function documentRow(expected: ExpectedInput, passage: Passage): string {
  const cells = [`\`${expected.file}\``, expected.what, seen(passage), happened(passage)];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function seen({ source }: Passage): string {
  if (!source) return '–';
  const { video, audio, cover } = source;
  const parts: string[] = [`${Number((source.durationUs / 1e6).toFixed(1))} s`];
  if (video) {
    const rate = Number((video.fps.num / video.fps.den).toFixed(3));
    parts.push(`${video.displayWidth}×${video.displayHeight} at ${rate}${video.variableFrameRate ? ' (variable)' : ''}`);
    if (video.hdr) parts.push(video.hdr === 'pq' ? 'HDR (PQ)' : 'HDR (HLG)');
    if (video.interlaced) parts.push('interlaced');
  } else parts.push(cover ? 'cover' : 'no picture');
  parts.push(audio ? `${audio.codec}, ${audio.channels} ch` : 'no sound');
  return parts.join('; ');
}

function happened({ error, notices, clip }: Passage): string {
  if (error) return `refused, exit ${error.exitCode}, \`${error.code}\``;
  const codes = [...new Set(notices.map(({ code }) => code))].toSorted();
  const made = clip?.integratedLufs === null || clip?.integratedLufs === undefined ? 'clip, silent' : 'clip';
  return [made, ...codes.map((code) => `\`${code}\``)].join(', ');
}
