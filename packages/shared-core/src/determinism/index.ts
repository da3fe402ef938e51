export { addAbortListener, removeAbortListener } from './abort-listeners.js';
export type { Clock, ScheduleOptions } from './clock.js';
export { IdleAdvance } from './idle-advance.js';
export type { RandomSource } from './random-source.js';
export { seededRandom } from './seeded-random.js';
export { systemClock } from './system-clock.js';
export { VirtualClock } from './virtual-clock.js';
