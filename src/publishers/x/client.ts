import type { TwitterApiv2 } from 'twitter-api-v2';
import type { XApi } from './api.js';

/**
 * X's client for metadata and posts, over our transport: its plugin hook answers each request before the client would send one. The
 * package is loaded when something is published.
 */
export async function xClient(api: XApi, what: string): Promise<TwitterApiv2> {
  const { TwitterApi } = await import('twitter-api-v2');
  const client = new TwitterApi(undefined, {
    plugins: [
      {
        async onBeforeRequestConfig({ url, params }) {
          const path = url.pathname.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params.params?.[name])));
          const query = Object.fromEntries(Object.entries(params.query ?? {}).map(([name, value]) => [name, String(value)]));
          const { body, headers } = await api.send({ what, method: params.method === 'GET' ? 'GET' : 'POST', path, query, ...(params.method === 'GET' ? {} : { body: params.body ?? {} }) });
          return { data: body, headers };
        },
      },
    ],
  });
  return client.v2;
}
