import { z } from 'zod';
import { addressProblem, endpointName } from './endpoint.js';

const address = z.string().superRefine((text, context) => {
  const problem = addressProblem(text);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
});

/** `platforms.webhook` of the configuration. */
export const webhookOptions = z.strictObject({
  /** Addresses by name: `--to webhook:<name>`. The name is the account, so that an address may change. */
  endpoints: z.record(z.string().regex(endpointName, 'small letters, digits and -'), address).default({}),
  /** Sends the caption files along, as parts of their own. */
  captions: z.boolean().default(false),
  /** Sends the cover picture along. */
  cover: z.boolean().default(false),
});

export type WebhookOptions = z.infer<typeof webhookOptions>;
