import type { StandInAnswer } from '../stand-in.js';

/** An error as X's v2 interface sends it: application/problem+json's fields under application/json. */
export function problem(status: number, title: string, detail: string, type = 'about:blank'): StandInAnswer {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body: { title, detail, type, status } };
}

/** What X answers to parameters it does not take. */
export function invalidRequest(message: string, parameters: Record<string, string[]> = {}): StandInAnswer {
  return {
    status: 400,
    body: {
      errors: [{ parameters, message }],
      title: 'Invalid Request',
      detail: 'One or more parameters to your request was invalid.',
      type: 'https://api.x.com/2/problems/invalid-request',
    },
  };
}

export function notFound(what: string, id: string): StandInAnswer {
  return {
    status: 404,
    body: { title: 'Not Found Error', detail: `Could not find ${what} with id: [${id}].`, type: 'https://api.x.com/2/problems/resource-not-found', resource_type: what, resource_id: id, status: 404 },
  };
}

export const unauthorized = (): StandInAnswer => problem(401, 'Unauthorized', 'Unauthorized');
/** A token without the scope, or an app without the permission. */
export const forbidden = (): StandInAnswer => problem(403, 'Forbidden', 'You are not permitted to perform this action.');
/** An app whose plan does not have the endpoint. */
export const notEnrolled = (): StandInAnswer =>
  problem(403, 'Client Forbidden', 'When authenticating requests to the Twitter API v2 endpoints, you must use keys and tokens from a developer App that has access to them.', 'https://api.x.com/2/problems/client-forbidden');
