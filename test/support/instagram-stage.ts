import type { HttpRequest, HttpTransport } from '../../src/publishers/http.js';
import type { Publication, PublishableClip, PublishContext } from '../../src/publishers/publisher.js';
import type { FaultScript } from '../../src/sandbox/faults.js';
import { inProcessTransport } from '../../src/sandbox/in-process.js';
import { InstagramStandIn } from '../../src/sandbox/instagram/index.js';
import { HandClock } from './drive-publication.js';
import { freshPublication, publishContext, smallClip } from './publish-context.js';
import { temporaryFolder } from './temporary-folder.js';

export const allScopes = ['instagram_basic', 'instagram_content_publish', 'pages_show_list', 'pages_read_engagement'];

export interface InstagramStage {
  standIn: InstagramStandIn;
  clock: HandClock;
  clip: PublishableClip;
  context: PublishContext;
  publication: Publication;
  accessToken: string;
  /** What was asked, oldest first: method and address. */
  asked: string[];
  /** Sets what goes wrong from now on. */
  faults(script: FaultScript): void;
}

/** An account, a clip of `bytes` and a way to the stand-in that remembers what was asked. */
export function instagramStage(given: { bytes?: Uint8Array; clip?: Partial<PublishableClip>; options?: unknown; scopes?: readonly string[]; /** A clip that is there already. */ ready?: PublishableClip } = {}): InstagramStage {
  const clock = new HandClock();
  const standIn = new InstagramStandIn(clock);
  const account = standIn.addAccount('clips.of.anna');
  const { accessToken } = standIn.issue(account, given.scopes ?? allScopes);
  const clip = given.ready ?? smallClip(temporaryFolder(), { ...given.clip, ...(given.bytes ? { bytes: given.bytes } : {}) });
  let script: FaultScript | undefined;
  const inner = inProcessTransport([standIn], (request) => script?.(request));
  const asked: string[] = [];
  const http: HttpTransport = {
    send(request: HttpRequest) {
      asked.push(`${request.method} ${request.url}`);
      return inner.send(request);
    },
  };
  const context = publishContext({ clip, http, clock, options: given.options ?? {}, credentials: { accountId: account.id, accountName: account.name, accessToken, scopes: given.scopes ?? allScopes, expiresAtMs: null } });
  const publication = freshPublication({ platform: 'instagram', account: account.id, accountName: account.name, clipSha256: clip.sha256 });
  return { standIn, clock, clip, context, publication, accessToken, asked, faults: (next) => void (script = next) };
}
