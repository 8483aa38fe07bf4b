import { SnvgError } from '../../errors.js';
import type { VideoStream } from './describe-streams.js';

/**
 * Profiles 7, 8 and 9 carry a picture that any decoder shows rightly (PQ, HLG or SDR). Profile 5, and profile 10 without such a base, code
 * colours as IPT reshaped frame by frame: decoded as anything else, faces are green and violet.
 *
 * @throws {SnvgError} MEDIA_UNSUPPORTED
 */
export function requireShownColours(name: string, { dolbyVisionProfile, colorTransfer, bitDepth }: VideoStream): void {
  const hasNoBase = dolbyVisionProfile === 5 || (dolbyVisionProfile === 10 && bitDepth > 8 && colorTransfer === null);
  if (!hasNoBase) return;
  throw new SnvgError(
    'MEDIA_UNSUPPORTED',
    `${name} is Dolby Vision profile ${dolbyVisionProfile}, whose colours only a Dolby Vision decoder can show`,
    'Export it as HDR10, HLG, SDR or Dolby Vision profile 8, and give that.',
  );
}
