/** An MP4 box: its length, its type, its contents. */
export function mp4Box(type: string, ...contents: readonly Buffer[]): Buffer {
  const payload = Buffer.concat(contents);
  const header = Buffer.alloc(8);
  header.writeUInt32BE(payload.length + 8, 0);
  header.write(type, 4, 'latin1');
  return Buffer.concat([header, payload]);
}
