export type { IsolateContext } from './guest/guest.js';
export { Isolate } from './isolate.js';
export type { IsolateOptions, IsolatePromise } from './isolate-options.js';
