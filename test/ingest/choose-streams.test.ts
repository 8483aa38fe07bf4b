import { describe, expect, it } from 'vitest';
import type { ProbedStream } from '../../src/media/probe.js';
import { chooseAudio, chooseVideo, namedTracks } from '../../src/pipeline/ingest/choose-streams.js';
import { describeVideo, isAudible, isMovingPicture } from '../../src/pipeline/ingest/describe-streams.js';

function stream(fields: Partial<ProbedStream> & { index: number }): ProbedStream {
  return { codec_type: 'audio', codec_name: 'aac', sample_rate: '48000', channels: 2, pix_fmt: 'yuv420p', disposition: {}, tags: {}, side_data_list: [], ...fields };
}
const picture = (fields: Partial<ProbedStream> & { index: number }): ProbedStream => stream({ codec_type: 'video', codec_name: 'h264', width: 1280, height: 720, ...fields });
const noneSilent = (): boolean => false;

describe('the audio track', () => {
  it('is the default one', () => {
    expect(chooseAudio([stream({ index: 1 }), stream({ index: 2, disposition: { default: 1 } })], noneSilent)?.index).toBe(2);
  });

  it('is not the one with most channels when that is silent', () => {
    const tracks = [stream({ index: 1, channels: 6, disposition: { default: 1 } }), stream({ index: 2, channels: 1 })];
    expect(chooseAudio(tracks, ({ index }) => index === 1)?.index).toBe(2);
  });

  it.each([
    [{ tags: { title: 'Director’s commentary' } }],
    [{ tags: { title: 'Music and effects' } }],
    [{ disposition: { default: 1, visual_impaired: 1 } }],
    [{ disposition: { default: 1, comment: 1 } }],
  ])('is not a side track: %j', (side) => {
    expect(chooseAudio([stream({ index: 1, ...side }), stream({ index: 2 })], noneSilent)?.index).toBe(2);
  });

  it('is the first among equals, and a silent one when there is no other', () => {
    expect(chooseAudio([stream({ index: 1 }), stream({ index: 2 })], noneSilent)?.index).toBe(1);
    expect(chooseAudio([stream({ index: 4 })], () => true)?.index).toBe(4);
    expect(chooseAudio([], noneSilent)).toBeUndefined();
  });

  it('is in the language asked for, where that is known', () => {
    const tracks = [stream({ index: 1, tags: { language: 'ger' }, disposition: { default: 1 } }), stream({ index: 2, tags: { language: 'eng' } }), stream({ index: 3 })];
    expect(chooseAudio(tracks, noneSilent, 'en')?.index).toBe(2);
    expect(chooseAudio(tracks, noneSilent, 'de')?.index).toBe(1);
    expect(chooseAudio(tracks, noneSilent, 'fr')?.index).toBe(3);
    expect(chooseAudio(tracks, ({ index }) => index === 2, 'en')?.index).toBe(3);
    expect(chooseAudio(tracks, noneSilent)?.index).toBe(1);
  });

  it('is named by its number or its language', () => {
    const tracks = [stream({ index: 1, tags: { language: 'ger' } }), stream({ index: 2, tags: { language: 'en-GB' } }), stream({ index: 3, tags: { language: 'mul!' } })];
    for (const [wanted, index] of [['2', 2], ['deu', 1], ['de', 1], ['EN', 2]] as const) expect(namedTracks(tracks, wanted).map((track) => track.index), wanted).toEqual([index]);
    expect(namedTracks(tracks, '0')).toEqual([]);
    expect(namedTracks(tracks, 'fr')).toEqual([]);
  });

  it('must have channels and a codec', () => {
    expect(isAudible(stream({ index: 1, channels: 0 }))).toBe(false);
    expect(isAudible(stream({ index: 1, codec_name: undefined }))).toBe(false);
  });
});

describe('the picture track', () => {
  it('is not one for the side, nor one of which nothing could be decoded', () => {
    expect(chooseVideo([picture({ index: 0, disposition: { default: 1, comment: 1 } }), picture({ index: 1, width: 320 })])?.index).toBe(1);
    expect(isMovingPicture(picture({ index: 0, pix_fmt: undefined }))).toBe(false);
  });

  it('is the default one, then the largest', () => {
    expect(chooseVideo([picture({ index: 0 }), picture({ index: 1, width: 1920, height: 1080 })])?.index).toBe(1);
    expect(chooseVideo([picture({ index: 0, disposition: { default: 1 } }), picture({ index: 1, width: 1920, height: 1080 })])?.index).toBe(0);
  });

  it.each(['attached_pic', 'timed_thumbnails', 'still_image'])('is never a %s', (disposition) => {
    expect(isMovingPicture(picture({ index: 0, disposition: { [disposition]: 1 } }))).toBe(false);
  });

  it.each([
    ['0:1', 1],
    ['N/A', 1],
    ['1:100', 1],
    ['4:3', 4 / 3],
  ])('takes a sample aspect ratio of %s for %d', (text, expected) => {
    const { num, den } = describeVideo(picture({ index: 0, sample_aspect_ratio: text })).sampleAspectRatio;
    expect(num / den).toBe(expected);
  });

  it.each([
    ['smpte2084', 'pq'],
    ['arib-std-b67', 'hlg'],
    ['bt709', null],
    [undefined, null],
  ])('knows %s as HDR %s', (transfer, hdr) => {
    expect(describeVideo(picture({ index: 0, color_transfer: transfer })).hdr).toBe(hdr);
  });
});
