/** Entry module of the child process that finds faces. */
import { open } from 'node:fs/promises';
import { verifyModel } from '../../../inference/model-files.js';
import { serveModelWorker } from '../../../inference/serve-model-worker.js';
import { floats, openSession, tensorFactory, type Session } from '../../../inference/session.js';
import { centerFaceMultiple, decodeCenterFace, type DetectedFace } from './centerface.js';
import type { FaceWorkerMethods } from './face-worker-methods.js';
import { pictureBytes } from './picture.js';
import { pictureToRgbPlanes } from './picture-tensor.js';

let session: Promise<Session> | undefined;

async function load(modelsDir: string): Promise<Session> {
  const model = await verifyModel(modelsDir, 'centerface');
  return openSession(model.file('centerface.onnx'), { threads: 1 });
}

async function detect(params: FaceWorkerMethods['detect']['params'], signal: AbortSignal): Promise<DetectedFace[][]> {
  session ??= load(params.modelsDir);
  const { run } = await session;
  const tensors = await tensorFactory();
  const { width, height } = params;
  const paddedWidth = roundUp(width, centerFaceMultiple);
  const paddedHeight = roundUp(height, centerFaceMultiple);
  const planes = new Float32Array(3 * paddedWidth * paddedHeight);
  const data = new Uint8Array(pictureBytes(width, height));
  const file = await open(params.file);
  const faces: DetectedFace[][] = [];
  try {
    for (const offset of params.offsets) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(data, 0, data.length, offset);
      if (bytesRead !== data.length) throw new Error(`picture at ${offset} is cut short`);
      pictureToRgbPlanes({ data, width, height }, paddedWidth, paddedHeight, planes);
      const maps = await run({ 'input.1': tensors.float32(planes, [1, 3, paddedHeight, paddedWidth]) });
      const found = decodeCenterFace(
        {
          heat: floats(maps['537']),
          scale: floats(maps['538']),
          offset: floats(maps['539']),
          landmarks: floats(maps['540']),
          mapWidth: paddedWidth / 4,
          mapHeight: paddedHeight / 4,
        },
        params.minScore,
      );
      faces.push(found);
    }
  } finally {
    await file.close();
  }
  return faces;
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

serveModelWorker<FaceWorkerMethods>({
  detect: async (params, { signal }) => ({ faces: await detect(params, signal) }),
});
