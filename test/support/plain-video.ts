import type { Source } from '../../src/artifacts/schemas/source.js';

type Video = NonNullable<Source['video']>;

/** An ordinary picture stream, as ingest would describe it; a test states what matters to it. */
export function plainVideo(changes: Partial<Video> = {}): Video {
  const { codedWidth = 16, codedHeight = 16 } = changes;
  return {
    index: 0,
    codec: 'h264',
    codedWidth,
    codedHeight,
    displayWidth: codedWidth,
    displayHeight: codedHeight,
    rotationDegrees: 0,
    sampleAspectRatio: { num: 1, den: 1 },
    fps: { num: 25, den: 1 },
    variableFrameRate: false,
    pixelFormat: 'yuv420p',
    bitDepth: 8,
    alpha: false,
    colorMatrix: null,
    colorPrimaries: null,
    colorTransfer: null,
    colorRange: null,
    hdr: null,
    peakNits: null,
    dolbyVisionProfile: null,
    interlaced: false,
    fieldOrder: null,
    ...changes,
  };
}
