import type { TaskHost } from '../run-task.js';
import type { Backend } from './backend.js';
import { LocalBackend } from './local.js';

/** Every place tasks can run, by the name `backend:` takes in the configuration. */
export const backends = {
  local: (host: TaskHost, slots: number): Backend => new LocalBackend(host, slots),
} as const;
