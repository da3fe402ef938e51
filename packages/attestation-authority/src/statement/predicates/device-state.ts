// The state of a device, as an appraisal of its TPM quote found it: the attestation result of RFC 9334 section 8.4. Where the
// Entity Attestation Token has a claim for it, the member has its name (RFC 9711: `eat_nonce`).
import { z } from 'zod';

/** The predicate type of a device's state. */
export const deviceStateType = 'https://tenstrip.dev/predicates/device-state/v1';

/** A device's state. Digests are lower-case hex, times RFC 3339 in UTC, what has 64 bits is text. */
export interface DeviceState {
  /** When the quote was appraised: the last attempt that was good. */
  readonly appraisedAt: string;
  /** When the device was challenged: its state is not older. */
  readonly challengedAt?: string;
  /** The challenge in base64url. */
  readonly eat_nonce?: string;
  /** The policy's name, and the SHA-256 of its canonical JSON. */
  readonly policy: string;
  readonly policyDigest?: string;
  /** The name of the attestation key in its TPM. */
  readonly attestationKey?: string;
  /** The quoted values by `bank:index`. */
  readonly pcrs: Readonly<Record<string, string>>;
  readonly resetCount: number;
  readonly restartCount: number;
  /** The TPM's clock in milliseconds, and whether it is sure not to have been reported higher before. */
  readonly clockMs?: string;
  readonly safe?: boolean;
  /** Of the TPM: 16 hex digits. */
  readonly firmwareVersion: string;
  /** What happened since the previous quote. */
  readonly reboot?: 'unknown' | 'none' | 'restart' | 'reset';
  /** How many events explain the PCRs, where an event log was appraised. */
  readonly events?: number;
}

const hex = z.string().regex(/^[0-9a-f]+$/);

/** A device's state, as statements have it; further members pass through. */
export const deviceStateSchema = z.looseObject({
  appraisedAt: z.iso.datetime(),
  challengedAt: z.iso.datetime().optional(),
  eat_nonce: z.string().min(8).max(128).optional(),
  policy: z.string().min(1).max(256),
  policyDigest: hex.length(64).optional(),
  attestationKey: hex.max(132).optional(),
  pcrs: z.record(z.string().regex(/^sha(?:1|256|384|512):\d{1,2}$/), hex),
  resetCount: z.int().min(0),
  restartCount: z.int().min(0),
  clockMs: z
    .string()
    .regex(/^\d{1,20}$/)
    .optional(),
  safe: z.boolean().optional(),
  firmwareVersion: z.string().regex(/^[0-9a-f]{16}$/),
  reboot: z.enum(['unknown', 'none', 'restart', 'reset']).optional(),
  events: z.int().min(0).optional(),
});
