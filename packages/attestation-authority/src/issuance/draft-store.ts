// What is on its way into the log, in columns: payloads and lines as bytes, side by side, which no garbage collection copies, and
// numbers that say where each is.
import { maximumAttestLine, writeAttestLine } from '../attestation-log/index.js';
import type { SignedPayload } from '../statement/index.js';
import type { IssuanceMode } from './authority-options.js';

const payloadRoomBytes = 7 * 2 ** 14;
const lineRoomBytes = 2 ** 16;
/** Texts from so many characters on are moved by no garbage collection of V8: they have pages of their own. */
const unmovedLength = 2 ** 17;
/** What is printed at once, in bytes: a multiple of 3. */
const printedBytes = 3 * 2 ** 12;

/** Memory in rooms; a room is let go when nothing is left that is in it. */
class Arena {
  room = Buffer.alloc(0);
  readonly #roomBytes: number;
  #used = 0;

  constructor(roomBytes: number) {
    this.#roomBytes = roomBytes;
  }

  /** Where so many bytes may be written in {@link Arena.room}. */
  take(length: number): number {
    if (length > this.room.length - this.#used) {
      this.room = Buffer.allocUnsafeSlow(Math.max(length, this.#roomBytes));
      this.#used = 0;
    }
    const at = this.#used;
    this.#used = at + length;
    return at;
  }
}

/** The memory of an authority's drafts. */
export class DraftStore {
  readonly #payloads = new Arena(payloadRoomBytes);
  readonly #lines = new Arena(lineRoomBytes);
  /**
   * None, kept for their hidden class: when all garbage is collected while nothing of a class is alive, V8 drops all code that was
   * optimised for it, and runs it slowly until it is compiled again.
   */
  readonly kept = this.begin();

  /** Drafts of one call, none yet. */
  begin(): Drafts {
    return new Drafts(this.#payloads, this.#lines);
  }
}

/** Statements on their way into the log, in the order in which they come there. */
export class Drafts {
  readonly #payloads: Arena;
  readonly #lines: Arena;
  readonly #modes: IssuanceMode[] = [];
  readonly #statusNumbers: (number | undefined)[] = [];
  // By draft: its payload's room, and where it begins and ends there. Payloads begin at multiples of 3, one right behind the other.
  readonly #payloadRooms: Buffer[] = [];
  readonly #payloadBegins: number[] = [];
  readonly #payloadEnds: number[] = [];
  readonly #lineRooms: Buffer[] = [];
  readonly #lineBegins: number[] = [];
  readonly #lineEnds: number[] = [];

  /** @internal */
  constructor(payloads: Arena, lines: Arena) {
    this.#payloads = payloads;
    this.#lines = lines;
  }

  /** How many there are. */
  get count(): number {
    return this.#modes.length;
  }

  /** Adds a copy. @param digest what the log holds of it: hex @param statusNumber its place in the status lists, where it has one */
  add({ payload }: SignedPayload, digest: string, mode: IssuanceMode, statusNumber: number | undefined): void {
    const begin = this.#payloads.take(wholeGroups(payload.length));
    const { room } = this.#payloads;
    const end = begin + payload.copy(room, begin);
    if (end % 3 > 0) room[end] = 0; // what is between payloads is printed too
    if (end % 3 === 1) room[end + 1] = 0;
    this.#payloadRooms.push(room);
    this.#payloadBegins.push(begin);
    this.#payloadEnds.push(end);
    const lineBegin = this.#lines.take(maximumAttestLine);
    this.#lineRooms.push(this.#lines.room);
    this.#lineBegins.push(lineBegin);
    this.#lineEnds.push(writeAttestLine(this.#lines.room, lineBegin, digest, statusNumber));
    this.#modes.push(mode);
    this.#statusNumbers.push(statusNumber);
  }

  /** The places that they have in status lists. */
  statusNumbers(): number[] {
    return this.#statusNumbers.filter((number) => number !== undefined);
  }

  modeOf(draft: number): IssuanceMode {
    return this.#modes[draft]!;
  }

  /** A payload: a view. */
  payloadOf(draft: number): Uint8Array {
    return this.#payloadRooms[draft]!.subarray(this.#payloadBegins[draft], this.#payloadEnds[draft]);
  }

  /** The lines of some drafts, which are their entries of the log: views. */
  lines(from: number, to: number): Uint8Array[] {
    const lines: Uint8Array[] = [];
    for (let draft = from; draft < to; draft++) {
      const begin = this.#lineBegins[draft]!;
      const { buffer, byteOffset } = this.#lineRooms[draft]!;
      lines.push(new Uint8Array(buffer, byteOffset + begin, this.#lineEnds[draft]! - begin));
    }
    return lines;
  }

  /**
   * The payloads of some drafts in base64, as envelopes carry them. Those of a room are parts of one text when that is so long that it
   * is never copied; so one of them keeps at most 150 KB alive.
   */
  texts(from: number, to: number): string[] {
    const texts: string[] = [];
    for (let first = from, next = from; first < to; first = next) {
      const room = this.#payloadRooms[first]!;
      while (next < to && this.#payloadRooms[next] === room && this.#follows(next, first)) next++;
      const bytes = wholeGroups(this.#payloadEnds[next - 1]!) - this.#payloadBegins[first]!;
      if ((bytes / 3) * 4 >= unmovedLength && next > first + 1) this.#printTogether(first, next, texts);
      else this.#printApart(first, next, texts);
    }
    return texts;
  }

  /** Whether a draft is the first one, or right behind the one before: other calls may have put theirs between. */
  #follows(draft: number, first: number): boolean {
    return draft === first || this.#payloadBegins[draft] === wholeGroups(this.#payloadEnds[draft - 1]!);
  }

  #printApart(from: number, to: number, texts: string[]): void {
    for (let draft = from; draft < to; draft++) {
      texts.push(this.#payloadRooms[draft]!.toString('base64', this.#payloadBegins[draft], this.#payloadEnds[draft]));
    }
  }

  /** In few calls, as if it were one payload; then the padding is put in, where what was between payloads was printed. */
  #printTogether(from: number, to: number, texts: string[]): void {
    const room = this.#payloadRooms[from]!;
    const begin = this.#payloadBegins[from]!;
    const end = wholeGroups(this.#payloadEnds[to - 1]!);
    let length = 0;
    for (let at = begin; at < end; at += printedBytes) {
      length += printed.write(room.toString('base64', at, Math.min(at + printedBytes, end)), length, 'latin1');
    }
    for (let draft = from; draft < to; draft++) {
      const payloadEnd = this.#payloadEnds[draft]!;
      const textEnd = ((wholeGroups(payloadEnd) - begin) / 3) * 4;
      if (payloadEnd % 3 > 0) printed[textEnd - 1] = padding;
      if (payloadEnd % 3 === 1) printed[textEnd - 2] = padding;
    }
    const all = printed.toString('latin1', 0, length);
    for (let draft = from; draft < to; draft++) {
      const textBegin = ((this.#payloadBegins[draft]! - begin) / 3) * 4;
      texts.push(all.slice(textBegin, ((wholeGroups(this.#payloadEnds[draft]!) - begin) / 3) * 4));
    }
  }
}

const padding = 0x3d;
/** Room for the texts of one room. */
const printed = Buffer.alloc(Math.ceil(payloadRoomBytes / 3) * 4);

/** The next multiple of 3: base64 prints 3 bytes at a time. */
function wholeGroups(bytes: number): number {
  return bytes + ((3 - (bytes % 3)) % 3);
}
