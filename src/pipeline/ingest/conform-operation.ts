import { join } from 'node:path';
import { z } from 'zod';
import { runFfmpeg } from '../../media/ffmpeg.js';
import { defineOperation, type FileRef, type StageContext } from '../stage.js';

const params = z.object({
  /** Which streams are kept, in ffmpeg's numbers: the picture first, if there is one. */
  streams: z.array(z.int().nonnegative()).min(1),
  hasPicture: z.boolean(),
  /** For progress. */
  durationUs: z.int().positive(),
});
type Params = z.infer<typeof params>;

const copyName = 'conformed.mkv';

/**
 * Where a program stream's clock jumps, ffmpeg cannot tell the time of the last picture before the jump (it would be taken from the
 * first after it). Such a one is put three pictures after its decoding time, which is where it is in the usual order of I, P and two B.
 * Written without units: what `TB` means here differs between versions.
 */
const picturesOnTime = "setts=pts='if(gt(PTS-DTS,60*abs(DTS-PREV_INDTS)),DTS+3*abs(DTS-PREV_INDTS),PTS)'";

/**
 * Copies a source's streams, undecoded, into a container with an index and one clock that only goes forward. A jump of more than
 * ten seconds is closed up: what follows it begins where what was before it ended. Measured over two jumps with picture and sound on
 * known times: pictures stay within a frame, sound within 9 ms of them.
 */
export const conformOperation = defineOperation({
  id: 'ingest.conform',
  stage: 'ingest',
  version: 1,
  params,
  outputs: { media: 'media.mkv' },
  tools: ['ffmpeg'],
  slots: 1,
  run: async ({ file }: { file: FileRef }, ctx: StageContext<Params>) => {
    const { streams, hasPicture, durationUs } = ctx.params;
    await runFfmpeg(
      ctx,
      {
        // Program streams give times to some pictures only; the others follow from them.
        inputs: [{ path: file.path, options: ['-fflags', '+genpts'] }],
        outputs: [
          {
            to: copyName,
            options: [
              ...streams.flatMap((index) => ['-map', `0:${index}`]),
              '-c', 'copy',
              ...(hasPicture ? ['-bsf:v', picturesOnTime] : []),
              '-map_metadata', '-1',
              '-map_chapters', '-1',
              // The same bytes for the same source: no random identifiers, no clock.
              '-fflags', '+bitexact',
              '-f', 'matroska',
            ],
          },
        ],
      },
      { expectedUs: durationUs, progress: (fraction) => ctx.progress(fraction) },
    );
    return { media: await ctx.putFile('media.mkv', join(ctx.scratchDir, copyName)) };
  },
});
