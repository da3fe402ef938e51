import type { Logger as PinoLogger } from 'pino';

/** A pino logger. */
export type Logger = PinoLogger;
