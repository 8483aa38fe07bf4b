import type { DetectedFace } from './centerface.js';

/** What the face worker answers. */
export type FaceWorkerMethods = {
  /**
   * Finds faces in pictures of one size that lie in a file: see `YuvPicture`.
   * One list per offset, in the pictures' pixels, best face first.
   */
  detect: {
    params: { modelsDir: string; file: string; width: number; height: number; offsets: number[]; minScore: number };
    result: { faces: DetectedFace[][] };
  };
};
