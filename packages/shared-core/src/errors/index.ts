export { assert, unreachable } from './assert.js';
export type { CoreErrorCode } from './core-error-code.js';
export { type ErrorJson, isTenstripError, TenstripError, type TenstripErrorOptions } from './tenstrip-error.js';
