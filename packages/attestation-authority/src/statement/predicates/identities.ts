// Identities: that a service or a user holds a key. The subject names them (`spiffe://…`, `mailto:…`); its digest is the
// SHA-256 of the key as SubjectPublicKeyInfo (RFC 5280 section 4.1), which the predicate may carry whole.
import { z } from 'zod';
import { listOf, membersOf, optional, text, withShape } from '../shape.js';

/** The predicate type of a service's identity. */
export const serviceIdentityType = 'https://tenstrip.dev/predicates/service-identity/v1';
/** The predicate type of a user's identity. */
export const userIdentityType = 'https://tenstrip.dev/predicates/user-identity/v1';

const publicKey = z.base64().max(8192);

/** A service: what it is reached by, and its key in DER and base64. */
export const serviceIdentitySchema: z.ZodType = withShape(
  z.looseObject({
    publicKey: publicKey.optional(),
    endpoints: z.array(z.string().min(1).max(2048)).max(64).optional(),
    environment: z.string().max(256).optional(),
  }),
  membersOf({
    publicKey: (value) => value === undefined,
    endpoints: optional(listOf(text(1, 2048), 64)),
    environment: optional(text(0, 256)),
  }),
);

/** A user: who says so, under which name there, and the user's key. */
export const userIdentitySchema = z.looseObject({
  issuer: z.url().max(2048),
  subject: z.string().min(1).max(1024),
  publicKey: publicKey.optional(),
  assurance: z.string().max(256).optional(),
});
