import { describe, expect, it } from 'vitest';
import { remoteInput } from '../../src/sources/url-input.js';

const given = (url: string): string => remoteInput(url).given;

describe('an address', () => {
  it.each([
    ['https://me:hunter2@example.org/a.mp4', /^https:\/\/~@example\.org\/a\.mp4$/],
    ['https://:hunter2@example.org/a.mp4', /^https:\/\/~@/],
    ['https://a%zz:hunter2@example.org/a.mp4', /^https:\/\/~@/],
    ['https://example.org/a.mp4?password=hunter2&v=1', /\?password=~&v=1$/],
    ['https://example.org/a.mp4?accessToken=hunter2', /\?accessToken=~[0-9a-f]{8}$/],
    ['https://example.org/a.mp4?x-api-key=hunter2', /\?x-api-key=~[0-9a-f]{8}$/],
    [`https://example.org/a.mp4?blob=hunter2${'x'.repeat(80)}`, /\?blob=~[0-9a-f]{8}$/],
    ['https://example.org/a.mp4?X-Amz-Date=20250101T000000Z&X-Amz-Signature=hunter2&X-Amz-Credential=hunter2', /\?X-Amz-Date=~&X-Amz-Signature=~&X-Amz-Credential=~$/],
    ['https://example.org/a.mp4?sv=1&se=2030&sig=hunter2', /\?sv=~&se=~&sig=~$/],
    ['https://example.org/a.mp4?Expires=1&Signature=hunter2&Key-Pair-Id=K', /\?Expires=~&Signature=~&Key-Pair-Id=~$/],
    ['https://example.org/a.mp4#access_token=hunter2', /a\.mp4$/],
  ])('%s is shown without what lets in', (url, shown) => {
    const input = remoteInput(url);
    expect(input.given).toMatch(shown);
    expect(`${input.given} ${input.name}`).not.toContain('hunter2');
    expect(input.secretUrl === undefined || input.secretUrl === new URL(url).href).toBe(true);
  });

  it.each(['https://example.org/watch?author=jo&keyword=a+b&design=1&passage=%20', 'https://example.org/a.mp4?v=1&list=~x', 'https://example.org/a.mp4'])('%s is shown as it was typed', (url) => {
    expect(remoteInput(url)).toMatchObject({ given: url });
    expect(remoteInput(url)).not.toHaveProperty('incomplete');
  });

  it('signed anew is the same; with another token it is another', () => {
    const signed = (signature: string, date: string): string => given(`https://example.org/a.mp4?X-Amz-Date=${date}&X-Amz-Signature=${signature}&id=1`);
    expect(signed('aa', '1')).toBe(signed('bb', '2'));
    expect(given('https://example.org/get?token=aaa')).not.toBe(given('https://example.org/get?token=bbb'));
    expect(given('https://me:old@example.org/a.mp4')).toBe(given('https://me:new@example.org/a.mp4'));
  });

  it('that was stored without its secrets is known to lack them, and keeps its identity', () => {
    for (const url of ['https://me:x@example.org/a.mp4', 'https://example.org/a.mp4?token=x', 'https://example.org/a.mp4?password=x', 'https://example.org/a.mp4?sv=1&se=2&sig=x']) {
      expect(remoteInput(given(url))).toEqual({ kind: 'http', given: given(url), name: 'a.mp4', incomplete: true });
    }
  });

  it.each([
    ['https://www.youtube.com/watch?v=dQw4w9WgXcQ&list=PL1', 'www-youtube-com-watch-dQw4w9WgXcQ-PL1'],
    ['https://youtu.be/dQw4w9WgXcQ', 'dQw4w9WgXcQ'],
    ['https://example.org/a/My%20talk.v2.mp4?x=1', 'My talk.v2.mp4'],
    ['https://example.org/article.php?p=12', 'example-org-article-php-12'],
    ['https://example.org/talks/about-clips.html', 'about-clips-html'],
    ['https://example.org/', 'example-org'],
    ['http://127.0.0.1/', '127-0-0-1'],
  ])('%s is called %s', (url, name) => {
    expect(remoteInput(url).name).toBe(name);
  });

  it('of S3 holds its key as it stands', () => {
    expect(remoteInput('s3://bucket/in/100% a?b#c.mp4')).toEqual({ kind: 's3', given: 's3://bucket/in/100% a?b#c.mp4', name: '100% a?b#c.mp4' });
    for (const wrong of ['s3://bucket', 's3://bucket/', 's3:///key']) expect(() => remoteInput(wrong)).toThrow(expect.objectContaining({ code: 'USAGE' }) as Error);
  });
});
