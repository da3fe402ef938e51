export { createLogger, type Logger, type LoggerOptions, redactedKeys, redactionDepth } from './logger.js';
