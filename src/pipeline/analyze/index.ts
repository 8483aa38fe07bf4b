import { analyzeCoarse } from './coarse/index.js';
import { analyzeFine } from './fine/analyze-fine.js';

export { planCoarse } from './coarse/index.js';
export { planFine } from './fine/plan-fine.js';

/** The operations of this stage. */
export const operations = [analyzeCoarse, analyzeFine] as const;
