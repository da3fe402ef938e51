import { TenstripError } from '@tenstrip/shared-core/errors';
import type { z } from 'zod';
import type { LedgerErrorCode } from '../errors/index.js';

/** `value` as `schema` reads it. @throws TenstripError `OptionsInvalid` with everything that is wrong; `what` names it. */
export function checked<T extends z.ZodType>(schema: T, value: unknown, what: string): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  throw new TenstripError<LedgerErrorCode>('OptionsInvalid', `This is not ${what}: ${issues.join('; ')}. Correct it.`, {
    details: { issues },
  });
}

/** Whether a value has these methods; for schemas of what callers implement. */
export function hasMethods(...names: readonly string[]): (value: unknown) => boolean {
  return (value) =>
    typeof value === 'object' &&
    value !== null &&
    names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
}
