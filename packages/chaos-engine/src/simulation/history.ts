// The history that a scenario records: who asked for what, when, and what came of it, in the plain form that checkers take.

/** One operation. */
export interface RecordedOperation {
  /** Who asked. A process has one operation open at a time. */
  readonly process: string;
  /** What was asked. */
  readonly operation: unknown;
  /** What was answered, when it was `ok`. */
  result?: unknown;
  /** When it was asked and answered, as numbers that grow from one record to the next in the whole world; not milliseconds. */
  readonly call: number;
  return?: number;
  /** `ok`: it happened; `fail`: it did not; `unknown`: it may have happened, or happen still. */
  outcome: 'ok' | 'fail' | 'unknown';
}

/** How an operation is recorded. */
export interface RecordOptions {
  /** Tells of an error that the operation certainly did not happen. Default: one never knows. */
  readonly failed?: (error: unknown) => boolean;
}

/** Values as short text, for steps and hashes. */
export function textOf(value: unknown): string {
  if (value === undefined) return '';
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part)) ?? String(value);
  } catch {
    return String(value);
  }
}
