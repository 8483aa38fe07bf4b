import type { HttpTransport } from './http.js';

/** What a request to a platform is signed with. Kept in memory only as long as it is used. */
export interface Credentials {
  /** The platform's own id of the account, and what people call it there. */
  accountId: string;
  accountName: string;
  /** The access token (OAuth 2: bearer; OAuth 1.0a: token). */
  accessToken: string;
  /** OAuth 1.0a only. */
  tokenSecret?: string;
  consumerKey?: string;
  consumerSecret?: string;
  scopes: readonly string[];
  /** Null: it does not expire by itself. */
  expiresAtMs: number | null;
}

/** What a token endpoint gave. */
export interface TokenSet {
  accessToken: string;
  /** Absent: the one before stays valid (Google), or there is none. */
  refreshToken?: string;
  /** Milliseconds since the Unix epoch. */
  expiresAtMs: number | null;
  refreshExpiresAtMs?: number | null;
  scopes: readonly string[];
}

/** The app one registered with the platform. The secret is absent for public clients. */
export interface ClientIdentity {
  clientId: string;
  clientSecret?: string;
}

export interface TokenRequest {
  client: ClientIdentity;
  http: HttpTransport;
  signal: AbortSignal;
  nowMs(): number;
}

/**
 * How a platform's accounts are logged in to. Plain RFC 6749 with PKCE where nothing else is said; a platform that has its own ways
 * brings its own functions. src/accounts runs the flows.
 */
export interface AccountPolicy {
  authorizeUrl: string;
  tokenUrl: string;
  /** RFC 8628, where the platform offers it for these scopes. */
  deviceUrl?: string;
  revokeUrl?: string;
  /** Asked for at login; all of them are needed to publish. */
  scopes: readonly string[];
  scopeSeparator: ' ' | ',';
  /** `S256-hex`: TikTok's own spelling of the challenge. */
  pkce: 'S256' | 'S256-hex' | 'none';
  /** Query parameter that names the app. */
  clientIdParameter: 'client_id' | 'client_key';
  extraAuthorizeParameters?: Readonly<Record<string, string>>;
  /** Token endpoint authenticates confidential clients by HTTP Basic or in the body. */
  clientAuthentication: 'basic' | 'body' | 'public';
  /** `kept`: the refresh token stays; `rotated`: each use makes a new one and ends the old; `exchanged`: there is none, the access token itself is exchanged for a younger one. */
  refreshTokens: 'kept' | 'rotated' | 'exchanged';
  /** OAuth 1.0a may be used instead (user context, never expires): X in CI. */
  oauth1: boolean;
  /**
   * Where the browser comes back to; any free port of 127.0.0.1 with the path /callback where nothing is said. Platforms that compare
   * redirect addresses exactly get one fixed port, which is registered with the app.
   */
  loopback?: { host?: '127.0.0.1' | 'localhost'; port?: number; path?: string };
  /** Logins of apps in the platform's testing mode end by themselves after so many days, and nothing in the answers need say so (Google: 7). */
  testingLifetimeDays?: number;
  /** Where one registers an app and what to set there, for the error text. */
  registerHint: string;
  /** In place of the standard's request. @throws {PlatformFault} auth; {LostReply} */
  exchangeCode?(code: string, verifier: string, redirectUri: string, request: TokenRequest): Promise<TokenSet>;
  refresh?(token: { accessToken: string; refreshToken?: string }, request: TokenRequest): Promise<TokenSet>;
  /** In place of RFC 7009 at `revokeUrl`. @throws {PlatformFault}; {LostReply} */
  revoke?(token: { accessToken: string; refreshToken?: string }, request: TokenRequest): Promise<void>;
  /** Whose token it is. @throws {PlatformFault} auth; {LostReply} */
  whoami(credentials: Pick<Credentials, 'accessToken' | 'tokenSecret' | 'consumerKey' | 'consumerSecret'>, request: Pick<TokenRequest, 'http' | 'signal' | 'nowMs'>): Promise<{ id: string; name: string }>;
}
