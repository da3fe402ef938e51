// Key rotations: from which size of the log on another key signs. Signed by both keys.
import { z } from 'zod';

/** The predicate type of a rotation. */
export const keyRotationType = 'https://tenstrip.dev/predicates/key-rotation/v1';

/** The vkeys before and after, and the size of the log at which one follows the other, in decimal. */
export const keyRotationSchema = z.strictObject({
  from: z.string().max(1024),
  to: z.string().max(1024),
  atSize: z.string().regex(/^[1-9]\d{0,18}$/),
});

/** The predicate of a rotation. */
export type KeyRotation = z.output<typeof keyRotationSchema>;
