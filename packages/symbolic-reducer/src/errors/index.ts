export { type ReducerErrorCode, reducerError } from './reducer-error.js';
