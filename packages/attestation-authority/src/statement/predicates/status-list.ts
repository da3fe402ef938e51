// A version of a status list. Source: W3C Bitstring Status List v1.0 (https://www.w3.org/TR/vc-bitstring-status-list),
// section 2.2: the predicate is the credential subject, the statement around it the credential's proof.
import { z } from 'zod';

/** The predicate type of a status list: the term's IRI in the W3C vocabulary. */
export const statusListType = 'https://www.w3.org/ns/credentials/status#BitstringStatusListCredential';

/** The credential subject, and the list's version: each is larger than the one before. */
export const statusListSchema = z.strictObject({
  id: z.string().min(1).max(2048),
  type: z.literal('BitstringStatusList'),
  statusPurpose: z.literal('revocation'),
  encodedList: z
    .string()
    .max(2 ** 20)
    .regex(/^u[A-Za-z0-9_-]+$/, 'multibase base64url'),
  validFrom: z.iso.datetime(),
  version: z.int().min(1),
});

/** The predicate of a status list. */
export type StatusListPredicate = z.output<typeof statusListSchema>;
