// Matching in time linear in the text, whatever the pattern: a backtracking search that never visits a place of the program
// at a place of the text twice (the bit-state search of Go's regexp and of RE2; Cox, "Regular Expression Matching: the
// Virtual Machine Approach", 2009). O(program * text) steps and bits. Preference is that of a backtracking engine, so the
// match and its groups are the same.

import type { Assertion, ParsedPattern, PatternNode, Ranges } from './pattern-syntax.js';

/** Longest program; a counted repetition is written out. */
const maximumInstructions = 20_000;

type Instruction =
  | { readonly op: 'set'; readonly has: (unit: number) => boolean }
  | { readonly op: 'split'; preferred: number; other: number }
  | { readonly op: 'jump'; to: number }
  | { readonly op: 'save'; readonly slot: number }
  | { readonly op: 'assert'; readonly holds: (text: string, at: number) => boolean }
  | { readonly op: 'match' };

/** A program for one pattern. Its scratch memory is shared by all of its searches. */
export class LinearMatcher {
  readonly #program: readonly Instruction[];
  readonly #slots: number;
  #visited = new Uint32Array(0);

  private constructor(program: readonly Instruction[], groups: number) {
    this.#program = program;
    this.#slots = (groups + 1) * 2;
  }

  /** `undefined` when the program would be too long. */
  static compile({ root, groups }: ParsedPattern): LinearMatcher | undefined {
    const writer = new ProgramWriter();
    writer.emit(root);
    writer.finish();
    return writer.tooLong ? undefined : new LinearMatcher(writer.program, groups);
  }

  /** The groups of the leftmost match, the whole at 0; `undefined` for a group that took no part. */
  exec(text: string): readonly (string | undefined)[] | undefined {
    const slots = this.#search(text);
    if (slots === undefined) return undefined;
    return Array.from({ length: slots.length / 2 }, (_, group) => {
      const [from, to] = [slots[group * 2]!, slots[group * 2 + 1]!];
      return from < 0 || to < 0 ? undefined : text.slice(from, to);
    });
  }

  test(text: string): boolean {
    return this.#search(text) !== undefined;
  }

  #search(text: string): Int32Array | undefined {
    const words = Math.ceil((this.#program.length * (text.length + 1)) / 32);
    if (this.#visited.length < words) this.#visited = new Uint32Array(words);
    else this.#visited.fill(0, 0, words);
    // A place that failed from an earlier start fails from a later one: the marks stay.
    for (let start = 0; start <= text.length; start += 1) {
      const found = this.#from(text, start);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Depth first; a job is an instruction and a place, or a slot (below zero) and the text position to put back into it. */
  #from(text: string, start: number): Int32Array | undefined {
    const program = this.#program;
    const visited = this.#visited;
    const width = text.length + 1;
    const slots = new Int32Array(this.#slots).fill(-1);
    slots[0] = start;
    const jobs: number[] = [0, start];
    while (jobs.length > 0) {
      let at = jobs.pop()!;
      let counter = jobs.pop()!;
      if (counter < 0) {
        slots[-counter - 1] = at;
        continue;
      }
      for (;;) {
        const bit = counter * width + at;
        if ((visited[bit >>> 5]! & (1 << (bit & 31))) !== 0) break;
        visited[bit >>> 5]! |= 1 << (bit & 31);
        const instruction = program[counter]!;
        if (instruction.op === 'set') {
          if (at >= text.length || !instruction.has(text.charCodeAt(at))) break;
          at += 1;
          counter += 1;
        } else if (instruction.op === 'split') {
          jobs.push(instruction.other, at);
          counter = instruction.preferred;
        } else if (instruction.op === 'jump') {
          counter = instruction.to;
        } else if (instruction.op === 'save') {
          jobs.push(-instruction.slot - 1, slots[instruction.slot]!);
          slots[instruction.slot] = at;
          counter += 1;
        } else if (instruction.op === 'assert') {
          if (!instruction.holds(text, at)) break;
          counter += 1;
        } else {
          slots[1] = at;
          return slots;
        }
      }
    }
    return undefined;
  }
}

class ProgramWriter {
  readonly program: Instruction[] = [];

  get tooLong(): boolean {
    return this.program.length > maximumInstructions;
  }

  finish(): void {
    this.program.push({ op: 'match' });
  }

  emit(node: PatternNode): void {
    if (this.tooLong) return;
    switch (node.kind) {
      case 'empty':
        return;
      case 'set':
        this.#emitSet(node.ranges);
        return;
      case 'assert':
        this.program.push({ op: 'assert', holds: assertions[node.what] });
        return;
      case 'concat':
        for (const part of node.parts) this.emit(part);
        return;
      case 'either':
        this.#emitEither(node.parts);
        return;
      case 'group':
        this.program.push({ op: 'save', slot: node.index * 2 });
        this.emit(node.body);
        this.program.push({ op: 'save', slot: node.index * 2 + 1 });
        return;
      case 'repeat':
        this.#emitRepeat(node);
        return;
    }
  }

  /** A set over UTF-16 units: a character beyond the basic plane is two units, of which a wide set takes each. */
  #emitSet(ranges: Ranges): void {
    if (ranges.length === 1 && ranges[0]![0] === ranges[0]![1] && ranges[0]![0] > 0xffff) {
      for (const unit of String.fromCodePoint(ranges[0]![0]).split('')) this.#emitUnit(unit.charCodeAt(0));
      return;
    }
    this.program.push({ op: 'set', has: memberOf(ranges) });
  }

  #emitUnit(unit: number): void {
    this.program.push({ op: 'set', has: (other) => other === unit });
  }

  #emitEither(parts: readonly PatternNode[]): void {
    const ends: { to: number }[] = [];
    for (const [index, part] of parts.entries()) {
      if (index === parts.length - 1) {
        this.emit(part);
        break;
      }
      const split = { op: 'split' as const, preferred: this.program.length + 1, other: 0 };
      this.program.push(split);
      this.emit(part);
      const end = { op: 'jump' as const, to: 0 };
      ends.push(end);
      this.program.push(end);
      split.other = this.program.length;
    }
    for (const end of ends) end.to = this.program.length;
  }

  #emitRepeat({ body, least, most, greedy }: PatternNode & { kind: 'repeat' }): void {
    for (let round = 0; round < least && !this.tooLong; round += 1) this.emit(body);
    if (most === Number.POSITIVE_INFINITY) {
      const loop = this.program.length;
      const split = this.#split(greedy);
      this.emit(body);
      this.program.push({ op: 'jump', to: loop });
      split.leave(this.program.length);
      return;
    }
    const splits: { leave(to: number): void }[] = [];
    for (let round = least; round < most && !this.tooLong; round += 1) {
      splits.push(this.#split(greedy));
      this.emit(body);
    }
    for (const split of splits) split.leave(this.program.length);
  }

  /** A choice between going on with the next instruction and leaving to a place that is not known yet. */
  #split(greedy: boolean): { leave(to: number): void } {
    const next = this.program.length + 1;
    const split = { op: 'split' as const, preferred: next, other: next };
    this.program.push(split);
    return {
      leave(to) {
        if (greedy) split.other = to;
        else split.preferred = to;
      },
    };
  }
}

/** Membership: a table for Latin-1, a search beyond. */
function memberOf(ranges: Ranges): (unit: number) => boolean {
  const table = new Uint8Array(256);
  for (const [from, to] of ranges) for (let unit = from; unit <= Math.min(to, 255); unit += 1) table[unit] = 1;
  const wide = ranges.filter(([, to]) => to > 255);
  const surrogates = ranges.some(([, to]) => to > 0xffff);
  return (unit) => {
    if (unit < 256) return table[unit] === 1;
    if (surrogates && unit >= 0xd800 && unit <= 0xdfff) return true;
    return wide.some(([from, to]) => unit >= from && unit <= to);
  };
}

const isWord = (text: string, at: number) => at >= 0 && at < text.length && /\w/.test(text[at]!);
const assertions: Readonly<Record<Assertion, (text: string, at: number) => boolean>> = {
  start: (_, at) => at === 0,
  end: (text, at) => at === text.length,
  lineStart: (text, at) => at === 0 || text[at - 1] === '\n',
  lineEnd: (text, at) => at === text.length || text[at] === '\n',
  wordBoundary: (text, at) => isWord(text, at - 1) !== isWord(text, at),
  noWordBoundary: (text, at) => isWord(text, at - 1) === isWord(text, at),
};
