export { type Counter, counter, type Histogram, histogram } from './instrument.js';
export { span } from './span.js';
