import { SnvgError } from '../../errors.js';
import { download } from '../download.js';
import { page } from '../page/index.js';
import { isMedia } from '../local/media-files.js';
import { NotMedia, type RemoteBody } from '../remote-object.js';
import type { FetchContext, InputRef, LocalInput, SourceKind } from '../source.js';
import { HttpObject } from './http-object.js';

/** Thrown inside to leave the download for the page's own. */
class IsPage extends NotMedia {}

/** Pages, playlists and the like: something on them may be a film, they are none. */
const pageTypes = /^(text\/html|application\/xhtml\+xml|application\/(x-mpegurl|vnd\.apple\.mpegurl|dash\+xml)|audio\/(x-)?mpegurl)$/;
const textTypes = /^(text\/|application\/(json|xml|pdf|zip|javascript)|image\/)/;

/** A file on the web; a page is handed to yt-dlp. */
export const http: SourceKind = {
  fetch: async (ref: InputRef, context: FetchContext): Promise<LocalInput> => {
    const object = new HttpObject(new URL(ref.secretUrl ?? ref.given), ref.given, { allowPrivateNetwork: context.allowPrivateNetwork, silenceMs: context.silenceMs });
    try {
      return await download({ given: ref.given, name: ref.name, object, accept: (body) => requireMedia(body, ref) }, context);
    } catch (error) {
      if (!(error instanceof IsPage)) throw error;
    }
    return page.fetch(ref, context);
  },
};

function requireMedia({ contentType, startByte, fileName }: RemoteBody, { given: shown, name }: InputRef): void {
  // What has begun was looked at when it began.
  if (contentType === undefined || startByte > 0) return;
  if (pageTypes.test(contentType)) throw new IsPage(`${shown} is a page`);
  // Servers that do not know an ending call it text.
  if (textTypes.test(contentType) && contentType !== 'image/gif' && !(contentType.startsWith('text/') && isMedia(fileName ?? name))) {
    throw new SnvgError('SOURCE_NOT_MEDIA', `${shown} is ${contentType}, not a video or sound`, 'Check the address in a browser.');
  }
}
