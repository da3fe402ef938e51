export { Tally, type TallyCount, type TallyErrorCode } from './tally.js';
