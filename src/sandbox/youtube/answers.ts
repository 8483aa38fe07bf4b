import type { StandInAnswer } from '../stand-in.js';

/** Thrown anywhere in a request's handling: the error body the real platform sends. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly answer: StandInAnswer;

  constructor(answer: StandInAnswer) {
    super('refused');
    this.answer = answer;
  }
}

/** Google's error body. `domain` is `global`, `usageLimits` or the resource, as its pages list them. */
export function googleError(code: number, reason: string, message: string, domain = 'global', headers: Readonly<Record<string, string>> = {}): StandInAnswer {
  return { status: code, headers, body: { error: { code, message, errors: [{ message, domain, reason }] } } };
}

export function refuse(code: number, reason: string, message: string, domain?: string): never {
  throw new Refused(googleError(code, reason, message, domain));
}

/** What each status is injected with. 403 and 429 are the rate limit, which ends by itself; nothing but the login explains a 401. */
export function injected(status: number): StandInAnswer {
  switch (status) {
    case 401:
      return googleError(401, 'authError', 'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.', 'global', { 'www-authenticate': 'Bearer realm="https://accounts.google.com/", error="invalid_token"' });
    case 403:
      return googleError(403, 'rateLimitExceeded', 'Quota exceeded for quota metric ‘Queries’ and limit ‘Queries per minute’.', 'usageLimits');
    case 409:
      return googleError(409, 'conflict', 'The request conflicts with another that is being worked on.');
    case 429:
      return googleError(429, 'rateLimitExceeded', 'Resource has been exhausted (e.g. check quota).', 'usageLimits', { 'retry-after': '30' });
    case 503:
      return googleError(503, 'backendError', 'The service is currently unavailable.', 'global', { 'retry-after': '5' });
    default:
      return status >= 500 ? googleError(status, 'backendError', 'Backend Error') : googleError(status, 'badRequest', 'Bad Request');
  }
}
