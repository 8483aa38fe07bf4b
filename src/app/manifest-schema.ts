export { manifest as manifestSchema } from '../artifacts/schemas/manifest.js';
