// Delegations: keys that may speak, and the scope inside which they may. After TUF's delegated roles (TUF specification
// section 4.5), with prefixes in place of globs, so that "narrower" is decidable at a glance.
import { z } from 'zod';

/** The predicate type of a delegation. */
export const delegationType = 'https://tenstrip.dev/predicates/delegation/v1';
/** Longest chain of delegations. */
export const maximumChain = 8;
/** Most keys of one delegation. */
const maximumDelegatedKeys = 8;

/** A name, or a prefix and `*`. */
export const patternSchema = z
  .string()
  .min(1)
  .max(2048)
  .regex(/^[^*]*\*?$/, 'a name, or a prefix and a * at its end');

/** Who may speak about what, how long, and how many delegations further down. */
export const delegationSchema = z.strictObject({
  keys: z.array(z.string().max(1024)).min(1).max(maximumDelegatedKeys),
  subjects: z.array(patternSchema).min(1).max(64),
  predicateTypes: z.array(patternSchema).min(1).max(64),
  notBefore: z.iso.datetime().optional(),
  notAfter: z.iso.datetime(),
  maxDepth: z
    .int()
    .min(0)
    .max(maximumChain - 1),
});

/** The predicate of a delegation; keys are C2SP vkeys. */
export type Delegation = z.output<typeof delegationSchema>;
