import type { StandInAnswer } from '../stand-in.js';

export interface GraphErrorBody {
  message: string;
  type: string;
  code: number;
  error_subcode?: number;
  is_transient?: boolean;
  error_user_title?: string;
  error_user_msg?: string;
  fbtrace_id: string;
}

/** An error of the Graph API, as "Handling Errors" shows it. */
export function graphError(status: number, code: number, message: string, more: { subcode?: number; transient?: boolean; type?: string; headers?: Record<string, string> } = {}): StandInAnswer {
  const error: GraphErrorBody = {
    message,
    type: more.type ?? 'OAuthException',
    code,
    ...(more.subcode === undefined ? {} : { error_subcode: more.subcode, error_user_title: 'Not possible', error_user_msg: message }),
    is_transient: more.transient ?? false,
    fbtrace_id: 'Asandboxsandboxsandbox',
  };
  return { status, body: { error }, ...(more.headers ? { headers: more.headers } : {}) };
}

export const unauthorized = (): StandInAnswer => graphError(401, 190, 'The session of this access token is not valid or has expired.', { subcode: 463 });

export const withoutPermission = (scope: string): StandInAnswer => graphError(403, 10, `(#10) The application lacks the permission ${scope}.`);

export const noSuchObject = (id: string): StandInAnswer => graphError(400, 100, `Unsupported request. The object ${id} does not exist, cannot be loaded due to missing permissions, or does not support this operation.`, { subcode: 33, type: 'GraphMethodException' });

export const invalidParameter = (what: string): StandInAnswer => graphError(400, 100, `(#100) Invalid parameter: ${what}`);

export const noSuchField = (field: string, node: string): StandInAnswer => graphError(400, 100, `(#100) Tried accessing nonexisting field (${field}) on node type (${node})`);

/** The answers for injected faults: what the Graph API sends with these statuses when the request itself is in order. */
export function injected(status: number): StandInAnswer {
  if (status === 400) return invalidParameter('something in the request');
  if (status === 401) return unauthorized();
  // Too many calls come with 403 (application) and 429; how long it lasts stands in a header, in minutes.
  if (status === 403) return limited(403);
  if (status === 429) return limited(429);
  if (status >= 500) return graphError(status, status === 503 ? 2 : 1, 'An unknown error has occurred.', { transient: true });
  return graphError(status, 2, 'The service is temporarily unavailable.', { transient: true });
}

function limited(status: number): StandInAnswer {
  const usage = { '17841400000000001': [{ type: 'instagram', call_count: 100, total_cputime: 25, total_time: 25, estimated_time_to_regain_access: 1 }] };
  return graphError(status, 4, '(#4) Application request limit reached', { transient: true, headers: { 'x-business-use-case-usage': JSON.stringify(usage) } });
}

/** An error of the upload server. */
export function uploadError(status: number, type: string, retriable: boolean, message: string): StandInAnswer {
  return { status, body: { debug_info: { retriable, type, message } } };
}
