/** A part of a container that says how long it is: an MP4 box, a Matroska element, a RIFF chunk. */
export interface Part {
  /** Of the whole part, header included. */
  at: number;
  end: number;
  /** Where its size is written, and in how many bytes. */
  sizeAt: number;
  sizeBytes: number;
  kind: 'box' | 'element' | 'chunk';
  payloadAt: number;
}

const mostParts = 4_000;

/** The parts a file is made of, nested ones included; [] for formats without any. */
export function partsOf(bytes: Buffer): Part[] {
  const parts: Part[] = [];
  if (/^(ftyp|moov|mdat|free|wide|styp)$/.test(bytes.toString('latin1', 4, 8))) boxes(bytes, 0, bytes.length, parts);
  else if (bytes.length > 8 && bytes.readUInt32BE(0) === 0x1a45dfa3) elements(bytes, 0, bytes.length, parts);
  else if (/^(RIFF|FORM)$/.test(bytes.toString('latin1', 0, 4))) chunks(bytes, 0, bytes.length, parts);
  return parts;
}

const boxFolders = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'edts', 'udta', 'moof', 'traf', 'mvex', 'dinf', 'mfra']);

function boxes(bytes: Buffer, from: number, to: number, parts: Part[]): void {
  for (let at = from; at + 8 <= to && parts.length < mostParts; ) {
    const size = bytes.readUInt32BE(at);
    if (size < 8 || at + size > to) return;
    parts.push({ at, end: at + size, sizeAt: at, sizeBytes: 4, kind: 'box', payloadAt: at + 8 });
    if (boxFolders.has(bytes.toString('latin1', at + 4, at + 8))) boxes(bytes, at + 8, at + size, parts);
    at += size;
  }
}

/** Segment, SeekHead, Info, Tracks, TrackEntry, Video, Audio, Cluster, BlockGroup, Cues, CuePoint, Tags (RFC 9559). */
const elementFolders = new Set(['18538067', '114d9b74', '1549a966', '1654ae6b', 'ae', 'e0', 'e1', '1f43b675', 'a0', '1c53bb6b', 'bb', '1254c367']);

function elements(bytes: Buffer, from: number, to: number, parts: Part[]): void {
  for (let at = from; at + 2 <= to && parts.length < mostParts; ) {
    const idBytes = Math.clz32(bytes[at] ?? 0) - 23;
    const sizeAt = at + idBytes;
    const sizeBytes = Math.clz32(bytes[sizeAt] ?? 0) - 23;
    if (idBytes > 4 || sizeBytes > 8 || sizeAt + sizeBytes > to) return;
    let size = (bytes[sizeAt] ?? 0) & (0xff >> sizeBytes);
    for (let n = 1; n < sizeBytes; n += 1) size = size * 256 + (bytes[sizeAt + n] ?? 0);
    const payloadAt = sizeAt + sizeBytes;
    // An unknown size reaches to the end.
    const end = Math.min(to, payloadAt + size);
    parts.push({ at, end, sizeAt, sizeBytes, kind: 'element', payloadAt });
    if (elementFolders.has(bytes.toString('hex', at, sizeAt))) elements(bytes, payloadAt, end, parts);
    at = end;
  }
}

function chunks(bytes: Buffer, from: number, to: number, parts: Part[]): void {
  const bigEndian = bytes.toString('latin1', 0, 4) === 'FORM';
  for (let at = from; at + 8 <= to && parts.length < mostParts; ) {
    const size = bigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4);
    const end = Math.min(to, at + 8 + size + (size % 2));
    parts.push({ at, end, sizeAt: at + 4, sizeBytes: 4, kind: 'chunk', payloadAt: at + 8 });
    if (/^(RIFF|LIST|FORM)$/.test(bytes.toString('latin1', at, at + 4))) chunks(bytes, at + 12, end, parts);
    at = end;
  }
}
