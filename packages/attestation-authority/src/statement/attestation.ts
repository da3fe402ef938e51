// An attestation: everything a relying party needs, offline, as one JSON value or file.
import { TenstripError } from '@tenstrip/shared-core/errors';
import { z } from 'zod';
import { type AttestationErrorCode, isRefusal, type Refusal, refuse } from '../errors/index.js';
import { type DsseEnvelope, openEnvelope } from './dsse-envelope.js';
import { maximumChain } from './predicates/index.js';
import { parseStrictJson } from './strict-json.js';

/** A statement and what vouches for it. */
export interface Attestation {
  /** The statement, with signatures or without. */
  readonly envelope: DsseEnvelope;
  /** The proof that it is in a log: C2SP tlog-proof, verbatim. */
  readonly proof?: string;
  /** The delegations that lead to its key, from the root down. */
  readonly chain?: readonly ChainLink[];
}

/** A delegation in a chain: an attestation without a chain of its own. */
export interface ChainLink {
  readonly envelope: DsseEnvelope;
  readonly proof?: string;
}

const proof = z.string().max(2 ** 20);
const linkSchema = z.strictObject({ envelope: z.custom<DsseEnvelope>(), proof: proof.optional() });
const attestationSchema = linkSchema.extend({ chain: z.array(linkSchema).max(maximumChain).optional() });

/** The attestation that a JSON text is, nothing in it verified; or why it is none. Never throws. */
export function parseAttestation(text: string | Uint8Array): Attestation | Refusal {
  const json = parseStrictJson(text);
  if (json.problem !== undefined)
    return refuse('ENVELOPE_MALFORMED', '', `the attestation is refused: ${json.problem}`);
  const parsed = attestationSchema.safeParse(json.value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuse('ENVELOPE_MALFORMED', issue?.path.join('.') ?? '', issue?.message ?? 'no attestation');
  }
  const opened = openEnvelope(parsed.data.envelope, 'envelope');
  return isRefusal(opened) ? opened : (parsed.data as Attestation);
}

/** The JSON text of an attestation, ready for a file. @throws TenstripError `RequestInvalid` when it is no object with an envelope */
export function printAttestation(attestation: Attestation): string {
  const { envelope, proof: text, chain } = Object(attestation) as Attestation;
  if (typeof envelope !== 'object' || envelope === null) {
    throw new TenstripError<AttestationErrorCode>(
      'RequestInvalid',
      `This is no attestation to print: ${envelope === undefined ? 'it has no envelope' : 'its envelope is no object'}. Give what was issued.`,
    );
  }
  return `${JSON.stringify({ envelope, proof: text, chain }, undefined, 2)}\n`;
}
