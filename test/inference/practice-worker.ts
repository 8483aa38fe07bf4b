/** A worker without models, for what the mechanism itself promises. */
import { SnvgError } from '../../src/errors.js';
import { serveModelWorker } from '../../src/inference/serve-model-worker.js';

export type PracticeMethods = {
  echo: { params: string; result: string };
  wait: { params: { ms: number; label: string }; result: { label: string; order: number } };
  burn: { params: { ms: number }; result: null };
  refuse: { params: null; result: null };
  fall: { params: null; result: null };
  die: { params: { lastWords: string }; result: null };
};

let order = 0;

function usedMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

serveModelWorker<PracticeMethods>({
  echo: async (text) => text,
  wait: ({ ms, label }, { signal, progress }) =>
    new Promise((resolve, reject) => {
      progress(0.5);
      const timer = setTimeout(() => {
        order += 1;
        resolve({ label, order });
      }, ms);
      signal.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(new Error('cancelled'));
      });
    }),
  burn: async ({ ms }) => {
    const until = usedMs() + ms;
    while (usedMs() < until) for (let i = 0; i < 1e5; i++) Math.sqrt(i);
    return null;
  },
  refuse: async () => {
    throw new SnvgError('MODEL_CORRUPT', 'the practice model is damaged', 'Get another.');
  },
  fall: async () => {
    throw new TypeError('a fault of the worker');
  },
  die: async ({ lastWords }) => {
    process.stderr.write(`${lastWords}\n`);
    process.exit(7);
  },
});
