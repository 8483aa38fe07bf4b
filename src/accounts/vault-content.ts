import { z } from 'zod';

const timeMs = z.number().int();

/** Tokens as a platform gave them. Times are milliseconds since the Unix epoch. */
const tokens = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('oauth2'),
    accessToken: z.string(),
    refreshToken: z.string().nullable(),
    /** Null: it does not expire, or nobody said when. */
    expiresAtMs: timeMs.nullable(),
    refreshExpiresAtMs: timeMs.nullable(),
    /** Empty: nobody said which. */
    scopes: z.array(z.string()),
    receivedAtMs: timeMs,
  }),
  z.strictObject({ kind: z.literal('oauth1'), consumerKey: z.string(), consumerSecret: z.string(), accessToken: z.string(), tokenSecret: z.string() }),
]);
export type StoredTokens = z.infer<typeof tokens>;
export type OAuth2Tokens = Extract<StoredTokens, { kind: 'oauth2' }>;

/** What is needed to go on being logged in. */
const login = z.strictObject({
  tokens,
  client: z.strictObject({ clientId: z.string(), clientSecret: z.string().nullable() }).nullable(),
  /** When a person agreed. */
  grantedAtMs: timeMs,
  /** A renewal was begun that ends the refresh token, and its answer has not been saved. */
  renewing: z.strictObject({ sinceMs: timeMs }).nullable(),
  /** The platform said that it is over. */
  ended: z.strictObject({ atMs: timeMs, reason: z.string() }).nullable(),
});
export type Login = z.infer<typeof login>;

const account = z.strictObject({
  platform: z.string(),
  /** The platform's own. */
  id: z.string(),
  /** A person's name for it here. */
  name: z.string(),
  /** What people call it at the platform. */
  accountName: z.string(),
  isDefault: z.boolean(),
  login,
});
export type StoredAccount = z.infer<typeof account>;

/** What became of a login that stands in the environment, which cannot be changed there. */
const borrowed = z.strictObject({
  /** sha256 of the platform and the token in the environment. */
  key: z.string(),
  platform: z.string(),
  /** Whose it is, once the platform was asked. */
  account: z.strictObject({ id: z.string(), name: z.string() }).nullable(),
  /** Its successors. */
  login: login.nullable(),
  usedAtMs: timeMs,
});
export type BorrowedLogin = z.infer<typeof borrowed>;

export const vaultContent = z.strictObject({ accounts: z.array(account), borrowed: z.array(borrowed) });
export type VaultContent = z.infer<typeof vaultContent>;

/** Every secret in it. */
export function secretsIn(content: VaultContent): (string | null)[] {
  return [...content.accounts.map((one) => one.login), ...content.borrowed.flatMap((one) => (one.login ? [one.login] : []))].flatMap(loginSecrets);
}

function loginSecrets({ tokens: held, client }: Login): (string | null)[] {
  const own = held.kind === 'oauth1' ? [held.consumerKey, held.consumerSecret, held.accessToken, held.tokenSecret] : [held.accessToken, held.refreshToken];
  return [...own, client?.clientSecret ?? null];
}
