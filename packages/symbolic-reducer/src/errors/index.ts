export { invalidOption, type ReducerErrorCode, reducerError, requireOptions } from './reducer-error.js';
