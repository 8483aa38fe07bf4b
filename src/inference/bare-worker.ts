/** A model worker without models: it only says which runtime it loaded. */
import { serveModelWorker } from './serve-model-worker.js';

serveModelWorker({});
