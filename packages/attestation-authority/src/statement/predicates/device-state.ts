// The state of a device, as an appraisal of its TPM quote found it: the attestation result of RFC 9334 section 8.4.
import { z } from 'zod';

/** The predicate type of a device's state. */
export const deviceStateType = 'https://tenstrip.dev/predicates/device-state/v1';

/** A device's state: PCR values by `bank:index`, counters of its TPM, and when it was appraised. */
export const deviceStateSchema = z.looseObject({
  appraisedAt: z.iso.datetime(),
  policy: z.string().min(1).max(256),
  pcrs: z.record(z.string().regex(/^sha(?:1|256|384|512):\d{1,2}$/), z.string().regex(/^[0-9a-f]+$/)),
  resetCount: z.int().min(0),
  restartCount: z.int().min(0),
  firmwareVersion: z.string().regex(/^[0-9a-f]{16}$/),
});
