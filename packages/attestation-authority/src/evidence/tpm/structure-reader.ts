// Reads structures field by field and never past their end: TPM structures are big-endian (TPM 2.0 Library Part 2, section 4.3), event
// logs little-endian. A structure that is wrong is thrown inside this folder and is a refusal at its border.
import { type Refusal, type RefusalCode, refuse } from '../../errors/index.js';

/** Octets that are not what they should be, and the code if it is not the structure's own. Never leaves this folder. */
export class StructureError extends Error {
  readonly code: RefusalCode | undefined;

  constructor(message: string, code?: RefusalCode) {
    super(message);
    this.code = code;
  }
}

/** A place in some octets that moves on with every field that is read. */
export class StructureReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #littleEndian: boolean;
  #at = 0;

  constructor(bytes: Uint8Array, { littleEndian = false } = {}) {
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length); // parts of a Buffer cost more
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#littleEndian = littleEndian;
  }

  /** Octets that are left. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#pass(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#pass(2), this.#littleEndian);
  }

  u32(): number {
    return this.#view.getUint32(this.#pass(4), this.#littleEndian);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#pass(8), this.#littleEndian);
  }

  /** The next `length` octets: a view of them, not a copy. */
  octets(length: number): Uint8Array {
    const from = this.#pass(length);
    return this.#bytes.subarray(from, from + length);
  }

  /** A TPM2B: a length in 16 bits and as many octets, at most `maximum`. */
  sized(what: string, maximum: number): Uint8Array {
    const length = this.u16();
    if (length > maximum) throw new StructureError(`${what} has ${length} octets; at most ${maximum} are possible`);
    return this.octets(length);
  }

  /** That nothing is left. */
  end(): void {
    if (this.left > 0) throw new StructureError(`${this.left} octets follow its end`);
  }

  #pass(length: number): number {
    const from = this.#at;
    if (length > this.left) {
      throw new StructureError(`it ends at octet ${this.#bytes.length}, inside a field of ${length} octets at ${from}`);
    }
    this.#at = from + length;
    return from;
  }
}

/** What `read` makes of some octets, all of them; or a refusal with this code. */
export function readStructure<T>(
  bytes: Uint8Array,
  { code, path, maximum, littleEndian = false }: StructureBorder,
  read: (reader: StructureReader) => T,
): T | Refusal {
  if (!(bytes instanceof Uint8Array)) return refuse(code, path, 'it is no Uint8Array');
  if (bytes.length > maximum) return refuse(code, path, `it has ${bytes.length} octets; at most ${maximum} are read`);
  try {
    const reader = new StructureReader(bytes, { littleEndian });
    const structure = read(reader);
    reader.end();
    return structure;
  } catch (error) {
    if (error instanceof StructureError) return refuse(error.code ?? code, path, error.message);
    throw error;
  }
}

interface StructureBorder {
  readonly code: RefusalCode;
  readonly path: string;
  /** Longest that is read, in octets. */
  readonly maximum: number;
  readonly littleEndian?: boolean;
}
