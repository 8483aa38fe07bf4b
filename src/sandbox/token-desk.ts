import { randomBytes } from 'node:crypto';

/** Whose token it is and what it may do. */
export interface Grant {
  account: { id: string; name: string };
  scopes: readonly string[];
  expiresAtMs: number | null;
}

export interface IssuedTokens {
  accessToken: string;
  refreshToken: string;
  expiresAtMs: number | null;
}

interface Refreshable {
  grant: Omit<Grant, 'expiresAtMs'>;
  /** Rotated refresh tokens work once. */
  spent: boolean;
}

/** Gives out and checks the tokens of a stand-in. What a refusal looks like is each platform's own. */
export class TokenDesk {
  readonly #access = new Map<string, Grant>();
  readonly #refresh = new Map<string, Refreshable>();
  readonly #nowMs: () => number;
  readonly #rotates: boolean;
  readonly #lifetimeMs: number | null;

  constructor(options: { nowMs(): number; /** Each use of a refresh token ends it and makes another. */ rotates: boolean; lifetimeMs: number | null }) {
    this.#nowMs = options.nowMs;
    this.#rotates = options.rotates;
    this.#lifetimeMs = options.lifetimeMs;
  }

  issue(account: { id: string; name: string }, scopes: readonly string[]): IssuedTokens {
    const grant = { account, scopes };
    const refreshToken = token('refresh');
    this.#refresh.set(refreshToken, { grant, spent: false });
    return { ...this.#give(grant), refreshToken };
  }

  /** `invalid`: unknown, expired or revoked. */
  check(accessToken: string | undefined): Grant | 'invalid' {
    const grant = accessToken === undefined ? undefined : this.#access.get(accessToken);
    if (!grant || (grant.expiresAtMs !== null && grant.expiresAtMs <= this.#nowMs())) return 'invalid';
    return grant;
  }

  /** Undefined: the refresh token is unknown, revoked or used up. */
  refresh(refreshToken: string): (Omit<IssuedTokens, 'refreshToken'> & { refreshToken: string | undefined; scopes: readonly string[] }) | undefined {
    const found = this.#refresh.get(refreshToken);
    if (!found || found.spent) return undefined;
    let next: string | undefined;
    if (this.#rotates) {
      found.spent = true;
      next = token('refresh');
      this.#refresh.set(next, { grant: found.grant, spent: false });
    }
    return { ...this.#give(found.grant), refreshToken: next, scopes: found.grant.scopes };
  }

  expire(accessToken: string): void {
    this.#access.delete(accessToken);
  }

  revoke(refreshToken: string): void {
    this.#refresh.delete(refreshToken);
  }

  #give(grant: Omit<Grant, 'expiresAtMs'>): { accessToken: string; expiresAtMs: number | null } {
    const accessToken = token('access');
    const expiresAtMs = this.#lifetimeMs === null ? null : this.#nowMs() + this.#lifetimeMs;
    this.#access.set(accessToken, { ...grant, expiresAtMs });
    return { accessToken, expiresAtMs };
  }
}

function token(kind: string): string {
  return `sandbox-${kind}-${randomBytes(18).toString('base64url')}`;
}
