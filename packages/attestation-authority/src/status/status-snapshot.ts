// What a verifier knows of revocations at one moment: at most one version of each list. Immutable, so that a verdict can name it.
import { TenstripError } from '@tenstrip/shared-core/errors';
import { type AttestationErrorCode, type Refusal, refuse } from '../errors/index.js';

/** A version of a status list that was verified. Its bits must not be changed. */
export interface StatusList {
  /** The root that vouches for it, and for whose attestations it speaks. */
  readonly root: string;
  /** Its name: a URI. */
  readonly list: string;
  /** Versions of a list grow. */
  readonly version: number;
  /** When it was issued, in milliseconds since 1970. */
  readonly validFrom: number;
  readonly bits: Uint8Array;
}

/** The newest known version of each list. */
export class StatusSnapshot {
  /** One that knows of no list. */
  static readonly empty = new StatusSnapshot(new Map());

  /** By root, then by name: a look-up joins no texts. */
  readonly #lists: ReadonlyMap<string, ReadonlyMap<string, StatusList>>;

  private constructor(lists: ReadonlyMap<string, ReadonlyMap<string, StatusList>>) {
    this.#lists = lists;
  }

  /** How many lists it knows. */
  get size(): number {
    return [...this.#lists.values()].reduce((total, { size }) => total + size, 0);
  }

  /** The list of a root, or `undefined`. */
  get(root: string, list: string): StatusList | undefined {
    return this.#lists.get(root)?.get(list);
  }

  /**
   * A snapshot with this list in the place of an older version; itself when it has this version; `STATUS_ROLLBACK` when it has
   * a newer one. It holds at most 4,096 lists of a root: beyond, the one that was added first is dropped.
   * @throws TenstripError `OptionsInvalid` when it is no status list
   */
  with(list: StatusList): StatusSnapshot | Refusal {
    if (!isStatusList(list)) {
      throw new TenstripError<AttestationErrorCode>(
        'OptionsInvalid',
        'This is no status list. Give the `list` that AttestationVerifier.readStatusList found, once it is `ok`.',
      );
    }
    const known = this.get(list.root, list.list);
    if (known !== undefined && known.version > list.version) {
      return refuse('STATUS_ROLLBACK', 'status', `version ${list.version} is older than the known ${known.version}`);
    }
    if (known?.version === list.version) return this;
    const lists = new Map(this.#lists.get(list.root)).set(list.list, list);
    if (lists.size > maximumLists) lists.delete(lists.keys().next().value!);
    return new StatusSnapshot(new Map(this.#lists).set(list.root, lists));
  }
}

const maximumLists = 4_096;

function isStatusList(value: unknown): boolean {
  const { root, list, version, validFrom, bits } = Object(value) as StatusList;
  const isNamed = typeof root === 'string' && typeof list === 'string';
  return isNamed && typeof version === 'number' && typeof validFrom === 'number' && bits instanceof Uint8Array;
}
