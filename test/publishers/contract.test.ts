import { describe } from 'vitest';
import { platformCases } from '../publish/world/platform-case.js';
import { publisherContract } from './contract.js';

for (const given of platformCases) describe(given.id, () => publisherContract(given));
