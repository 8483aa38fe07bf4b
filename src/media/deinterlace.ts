/**
 * Filters that make whole pictures of fields, one for each two; none for a picture that is not interlaced. Where the fields were seen in
 * the picture itself, what its frames say about them is not believed.
 *
 * @param video `fieldOrder`: as seen; null or absent: as each frame states
 */
export function deinterlace(video: { interlaced: boolean; fieldOrder?: 'tff' | 'bff' | null }): string[] {
  if (!video.interlaced) return [];
  return [video.fieldOrder ? `bwdif=mode=send_frame:parity=${video.fieldOrder}:deint=all` : 'bwdif=mode=send_frame:deint=interlaced'];
}
