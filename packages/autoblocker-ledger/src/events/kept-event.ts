// Events that somebody keeps for later: buckets, and the scores of actors. One event is kept by many, and most are let go
// soon. What is still kept when some hundred others came says the same in fewer bytes until it is asked for, if it can.

import type { SecurityEvent } from './security-event.js';

/** An event that may say the same in one short text, which pins no text that it was cut out of. */
export interface CompactableEvent extends SecurityEvent {
  /** `undefined`: it stays as it is. */
  compact(): CompactEvent | undefined;
}

/** An event as a text. */
export interface CompactEvent {
  readonly text: string;
  readonly form: CompactForm;
}

/** What reads such texts again. */
export interface CompactForm {
  restore(text: string): SecurityEvent;
}

/** An event that was read again, with its text. */
class Restored {
  readonly event: SecurityEvent;
  readonly text: string;

  constructor(event: SecurityEvent, text: string) {
    this.event = event;
    this.text = text;
  }
}

/** An event, and how many keep it. */
export class KeptEvent {
  keepers = 0;
  /** Its place among the young, or where that was. */
  place = 0;
  #event: SecurityEvent | Restored | string;
  #form: CompactForm | undefined;

  constructor(event: SecurityEvent) {
    this.#event = event;
  }

  /** The event; `undefined` where it is a text. */
  get whole(): SecurityEvent | undefined {
    if (typeof this.#event === 'string') return undefined;
    return this.#event instanceof Restored ? this.#event.event : this.#event;
  }

  /** Says it in fewer bytes, if it can. */
  compact(): void {
    if (typeof this.#event === 'string') return;
    if (this.#event instanceof Restored) this.#event = this.#event.text;
    else if ('compact' in this.#event) {
      const compact = (this.#event as CompactableEvent).compact();
      if (compact === undefined) return;
      this.#event = compact.text;
      this.#form = compact.form;
    }
  }

  /** Makes it an event again, until it is compacted once more. */
  restore(): SecurityEvent {
    if (typeof this.#event === 'string') {
      this.#event = new Restored(this.#form!.restore(this.#event), this.#event);
    }
    return this.whole!;
  }
}

/** So many stay as they came: less than what is kept between two collections of V8's young generation, which copies what it finds. */
const youngEvents = 512;
/** V8 copies a text that is shorter where it cuts it out of another; of a longer one it keeps the whole. */
const leastCut = 13;

const shortTexts = 1024;

/** Keeps events, the newest as they came. */
export class EventKeeper {
  readonly #young: (KeptEvent | undefined)[] = new Array(youngEvents).fill(undefined);
  #next = 0;
  #lastEvent: SecurityEvent | undefined;
  #last: KeptEvent | undefined;
  #lastCut = '';
  #lastCopy = '';
  /** Short texts that were asked for last: what is tried at one address is tried at the next. */
  readonly #short: string[] = new Array(shortTexts).fill('');

  /** The event, kept once more: let it go by {@link EventKeeper.release}. */
  keep(event: SecurityEvent): KeptEvent {
    if (this.#lastEvent !== event) {
      this.#last = this.#add(event);
      this.#lastEvent = event;
    } else if (this.#last!.keepers === 0) this.#makeYoung(this.#last!); // who kept it before has let it go
    this.#last!.keepers += 1;
    return this.#last!;
  }

  /** The same of an event that is asked for again and again: it stays as it came. */
  keepWhole(event: SecurityEvent): KeptEvent {
    const kept = this.keep(event);
    this.#leaveYoung(kept);
    return kept;
  }

  /** The events that are kept, as they are now. Old ones are young again: who looks at them once may look once more. */
  eventsOf(kept: readonly KeptEvent[]): SecurityEvent[] {
    return kept.map((one) => this.eventOf(one));
  }

  eventOf(kept: KeptEvent): SecurityEvent {
    const { whole } = kept;
    if (whole !== undefined) return whole;
    this.#makeYoung(kept);
    return kept.restore();
  }

  release(kept: KeptEvent): void {
    kept.keepers -= 1;
    if (kept.keepers === 0) this.#leaveYoung(kept);
  }

  /** A text that outlives the line that it was cut out of: short ones as they were before, long ones as texts of their own. */
  own(text: string): string {
    if (text.length < leastCut) {
      const place = shortPlace(text);
      const known = this.#short[place];
      if (known === text) return known;
      this.#short[place] = text;
      return text;
    }
    if (text !== this.#lastCut) {
      this.#lastCut = text;
      this.#lastCopy = copyOf(text);
    }
    return this.#lastCopy;
  }

  #add(event: SecurityEvent): KeptEvent {
    const kept = new KeptEvent(event);
    this.#makeYoung(kept);
    return kept;
  }

  /** Puts it at the place of the one that is young longest. */
  #makeYoung(kept: KeptEvent): void {
    kept.place = this.#next;
    this.#young[this.#next]?.compact();
    this.#young[this.#next] = kept;
    this.#next = (this.#next + 1) % youngEvents;
  }

  #leaveYoung(kept: KeptEvent): void {
    if (this.#young[kept.place] === kept) this.#young[kept.place] = undefined;
  }
}

function shortPlace(text: string): number {
  const { length } = text;
  const [first, middle, last] = [text.charCodeAt(0), text.charCodeAt(length >> 1), text.charCodeAt(length - 1)];
  return (first * 31 + middle * 17 + last * 7 + length) % shortTexts || 0;
}

function copyOf(text: string): string {
  const latin1 = Buffer.from(text, 'latin1').toString('latin1');
  return latin1 === text ? latin1 : Buffer.from(text, 'utf16le').toString('utf16le');
}
