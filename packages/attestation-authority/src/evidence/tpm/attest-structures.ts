// TPMS_ATTEST of type quote: what a TPM signs. Source: TPM 2.0 Library Part 2, sections 10.6.1 (TPML_PCR_SELECTION), 10.11.1
// (TPMS_CLOCK_INFO), 10.12.1 (TPMS_QUOTE_INFO) and 10.12.8 (TPMS_ATTEST). Cost: about 1 us.
import type { Refusal } from '../../errors/index.js';
import { readStructure, StructureError, type StructureReader } from './structure-reader.js';

/** PCRs of one bank, ascending. */
export interface PcrSelection {
  /** The bank's TPM_ALG_ID. */
  readonly algorithm: number;
  readonly indices: readonly number[];
}

/** What a TPM counts: its boots and its running time. */
export interface TpmCounters {
  /** Milliseconds that the TPM was powered, since it was made or cleared. */
  readonly clockMs: bigint;
  /** TPM resets: boots of the device. */
  readonly resetCount: number;
  /** Resumes and restarts since the last reset. */
  readonly restartCount: number;
  /** Of the TPM, as its vendor counts. */
  readonly firmwareVersion: bigint;
}

/** A quote, read. Its octets are views of what it was read from. */
export interface Quote extends TpmCounters {
  /** The qualified name of the key that signs. */
  readonly qualifiedSigner: Uint8Array;
  /** What whoever asked for the quote put in: the nonce. */
  readonly extraData: Uint8Array;
  /** Whether the clock is sure not to have been reported higher before. */
  readonly safe: boolean;
  /** Banks in the order in which their values are hashed. */
  readonly selections: readonly PcrSelection[];
  readonly pcrDigest: Uint8Array;
}

/** TPM_GENERATED_VALUE: an AK signs outside data only if it does not begin so. */
const generatedByTpm = 0xff544347;
/** TPM_ST_ATTEST_QUOTE. */
const attestQuote = 0x8018;
/** A quote with 16 banks has less than 500. */
const maximumQuoteBytes = 4096;
const maximumSelections = 16;
const maximumDigestBytes = 64;
const algorithmBytes = 2;

/** The quote that `bytes` are. `QUOTE_MAGIC_INVALID`, `QUOTE_TYPE_INVALID`, `QUOTE_MALFORMED`. */
export function parseQuote(bytes: Uint8Array, path = 'quoted'): Quote | Refusal {
  return readStructure(bytes, { code: 'QUOTE_MALFORMED', path, maximum: maximumQuoteBytes }, (reader) => {
    readPrefix(reader);
    return {
      qualifiedSigner: reader.sized('qualifiedSigner', algorithmBytes + maximumDigestBytes),
      extraData: reader.sized('extraData', algorithmBytes + maximumDigestBytes),
      clockMs: reader.u64(),
      resetCount: reader.u32(),
      restartCount: reader.u32(),
      safe: readYesNo(reader),
      firmwareVersion: reader.u64(),
      selections: readSelections(reader),
      pcrDigest: reader.sized('pcrDigest', maximumDigestBytes),
    };
  });
}

function readPrefix(reader: StructureReader): void {
  const magic = reader.u32();
  if (magic !== generatedByTpm) {
    throw new StructureError(`it begins with ${hex(magic, 8)}: no TPM made it`, 'QUOTE_MAGIC_INVALID');
  }
  const type = reader.u16();
  if (type !== attestQuote)
    throw new StructureError(`its type is ${hex(type, 4)}: it is no quote`, 'QUOTE_TYPE_INVALID');
}

function readSelections(reader: StructureReader): PcrSelection[] {
  const count = reader.u32();
  if (count > maximumSelections) throw new StructureError(`it selects ${count} banks; at most 16 are possible`);
  const selections: PcrSelection[] = [];
  for (let at = 0; at < count; at++) {
    const algorithm = reader.u16();
    const length = reader.u8();
    if (length < 1 || length > 4) throw new StructureError(`a selection has ${length} octets; 1 to 4 are possible`);
    selections.push({ algorithm, indices: setBits(reader.octets(length)) });
  }
  return selections;
}

/** PCR n is bit n mod 8 of octet n / 8. */
function setBits(bitmap: Uint8Array): number[] {
  const indices: number[] = [];
  for (let index = 0; index < bitmap.length * 8; index++) {
    if ((bitmap[index >> 3]! >> (index & 7)) & 1) indices.push(index);
  }
  return indices;
}

function readYesNo(reader: StructureReader): boolean {
  const value = reader.u8();
  if (value > 1) throw new StructureError(`safe is ${value}; it is 0 or 1`);
  return value === 1;
}

function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}
