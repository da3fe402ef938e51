import { TenstripError } from '@tenstrip/shared-core/errors';
import type { z } from 'zod';
import type { AttestationErrorCode } from './attestation-error-code.js';

/** `value` as `schema` reads it. @throws TenstripError `code` with everything that is wrong; `what` names it. */
export function checked<T extends z.ZodType>(
  schema: T,
  value: unknown,
  what: string,
  code: AttestationErrorCode = 'OptionsInvalid',
): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => `${issue.path.join('.') || what}: ${issue.message}`);
  throw new TenstripError<AttestationErrorCode>(code, `This is not ${what}: ${issues.join('; ')}. Correct it.`, {
    details: { issues },
  });
}
