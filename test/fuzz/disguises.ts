import { mp4Box } from './boxes.js';
import type { Seed } from './corpus.js';

/** Things that nobody who processes a stranger's file wants touched. */
export interface Bait {
  /** A real film outside every folder of the run. */
  film: string;
  /** A server that answers and remembers. */
  url: string;
}

const text = (name: string, content: string): Seed => ({ name, bytes: Buffer.from(content) });

/** Lists, playlists and scripts under a film's name: each would open the bait if it were followed. */
export function disguises({ film, url }: Bait): Seed[] {
  return [
    text('concat.mp4', `ffconcat version 1.0\nfile '${film}'\n`),
    text('concat-url.mp4', `ffconcat version 1.0\nfile '${url}/a.mp4'\n`),
    text('bare-concat.mkv', `file '${film}'\nfile '${film}'\n`),
    text('hls.mp4', `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n${url}/a.ts\n#EXTINF:10,\nfile://${film}\n#EXT-X-ENDLIST\n`),
    text('hls-key.ts', `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXT-X-KEY:METHOD=AES-128,URI="${url}/key"\n#EXTINF:10,\nconcat:${film}|${film}\n#EXT-X-ENDLIST\n`),
    text('dash.mp4', `<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT4S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>${url}/a.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>\n`),
    text('session.mp4', `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n`),
    text('smil.mp4', `<smil><body><video src="${url}/a.mp4"/></body></smil>\n`),
    text('asx.wmv', `<asx version="3.0"><entry><ref href="${url}/a.wmv"/></entry></asx>\n`),
    text('redirect.mov', `RTSPtext\nrtsp://${new URL(url).host}/a\n`),
    text('script.avs', `DirectShowSource("${film}")\n`),
    text('vapoursynth.mp4', `import vapoursynth\nopen("${film}")\n`),
    text('drawing.mp4', `<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink" width="64" height="64"><image x:href="file://${film}"/><image x:href="${url}/a.png"/></svg>\n`),
    text('cue.flac', `FILE "${film}" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n`),
    text('expanding.mp4', `<?xml version="1.0"?>\n<!DOCTYPE MPD [<!ENTITY a "${'x'.repeat(1_000)}">${'bcdefgh'.split('').map((name, n) => `<!ENTITY ${name} "${`&${'abcdefgh'[n]};`.repeat(10)}">`).join('')}]>\n<MPD>&h;</MPD>\n`),
    text('metadata.mp4', `;FFMETADATA1\ntitle=${film}\n`),
    text('graph.mp4', `movie=${film}\n`),
    { name: 'external.mov', bytes: externalTrack(film) },
    { name: 'linked.mkv', bytes: linkedSegment() },
  ];
}

const words = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, n) => bytes.writeUInt32BE(value, n * 4));
  return bytes;
};

/** A QuickTime film whose only track lies in another file, as `dref` allows. */
function externalTrack(film: string): Buffer {
  const matrix = words(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);
  const url = mp4Box('url ', words(0), Buffer.from(`file://${film}\0`));
  const description = mp4Box('twos', words(0, 1, 0, 0), Buffer.from([0, 1, 0, 16, 0, 0, 0, 0, 0x1f, 0x40, 0, 0]));
  const table = mp4Box('stbl', mp4Box('stsd', words(0, 1), description), mp4Box('stts', words(0, 1, 32_000, 1)), mp4Box('stsc', words(0, 1, 1, 32_000, 1)), mp4Box('stsz', words(0, 2, 32_000)), mp4Box('stco', words(0, 1, 0)));
  const info = mp4Box('minf', mp4Box('smhd', words(0, 0)), mp4Box('dinf', mp4Box('dref', words(0, 1), url)), table);
  const media = mp4Box('mdia', mp4Box('mdhd', words(0, 0, 0, 8_000, 32_000, 0)), mp4Box('hdlr', words(0), Buffer.from('mhlrsoun'), words(0, 0, 0)), info);
  const track = mp4Box('trak', mp4Box('tkhd', words(1, 0, 0, 1, 0, 32_000, 0, 0, 0, 0x1000000), matrix, words(0, 0)), media);
  const movie = mp4Box('moov', mp4Box('mvhd', words(0, 0, 0, 8_000, 32_000, 0x10000, 0x1000000, 0, 0), matrix, words(0, 0, 0, 0, 0, 0, 2)), track);
  return Buffer.concat([mp4Box('ftyp', Buffer.from('qt  \0\0\0\0qt  ')), movie]);
}

const element = (id: string, payload: Buffer): Buffer => Buffer.concat([Buffer.from(id, 'hex'), Buffer.from([0x40 | (payload.length >> 8), payload.length & 0xff]), payload]);

/** A Matroska file that is nothing but a reference to a next segment by name. */
function linkedSegment(): Buffer {
  const header = element('1a45dfa3', element('4282', Buffer.from('matroska')));
  const info = element('1549a966', Buffer.concat([element('3eb923', Buffer.alloc(16, 1)), element('3e83bb', Buffer.from('/etc/hostname')), element('2ad7b1', Buffer.from([0x0f, 0x42, 0x40]))]));
  const chapter = element('b6', Buffer.concat([element('91', Buffer.from([0])), element('92', Buffer.from([0x77])), element('6e67', Buffer.alloc(16, 2))]));
  const chapters = element('1043a770', element('45b9', Buffer.concat([element('45dd', Buffer.from([1])), chapter])));
  return Buffer.concat([header, element('18538067', Buffer.concat([info, chapters]))]);
}
