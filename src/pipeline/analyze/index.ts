import { analyzeFine } from './fine/analyze-fine.js';

export { planFine } from './fine/plan-fine.js';

/** The operations of this stage. */
export const operations = [analyzeFine] as const;
