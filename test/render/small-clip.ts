import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { probeFile } from '../../src/media/probe.js';
import { ClipTimeline } from '../../src/media/timeline.js';
import { describeVideo } from '../../src/pipeline/ingest/describe-streams.js';
import { renderPicture } from '../../src/pipeline/render/picture/render-picture.js';
import { mediaHost } from '../support/media-host.js';

/** A clip and its cover of a silent film, small: the render's own graph, encoder and tags. */
export async function smallClip(path: string, size: { width: number; height: number }): Promise<{ clip: string; cover: string; tags: Record<string, unknown>; video: ReturnType<typeof describeVideo> }> {
  const host = mediaHost();
  const { streams } = await probeFile(host, path);
  const video = describeVideo(streams.find(({ codec_type: type }) => type === 'video')!);
  const timeline = new ClipTimeline([{ startUs: 0, endUs: 120_000 }], video.fps);
  const soundPath = join(host.scratchDir, 'sound.m4a');
  execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'anullsrc=d=0.12', soundPath]);
  const camera = { faceCoverage: null, shots: [{ startUs: 0, endUs: timeline.durationUs, mode: 'fit' as const, keys: [] }] };
  const [piece] = timeline.pieces;
  const readings = [{ path, seekUs: 0, endUs: 320_000, pieces: [piece!] as const }] as const;
  await renderPicture(host, { readings, video, timeline, camera, ...size, thumbnailRows: size.height, captions: false, probe: undefined, coverFrame: 1, soundPath, crf: 10, preset: 'ultrafast', threads: 1 }, () => {});
  const clip = join(host.scratchDir, 'clip.mp4');
  const tags = (await probeFile(host, clip)).streams.find(({ codec_type: type }) => type === 'video') as unknown as Record<string, unknown>;
  return { clip, cover: join(host.scratchDir, 'cover.jpg'), tags, video };
}
