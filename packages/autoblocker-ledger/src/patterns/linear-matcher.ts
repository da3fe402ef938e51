// Matching in time linear in the text, whatever the pattern: a backtracking search that never visits a place of the program
// at a place of the text twice (the bit-state search of Go's regexp and of RE2; Cox, "Regular Expression Matching: the
// Virtual Machine Approach", 2009). O(program * text) steps and bits. Preference is that of a backtracking engine, so the
// match and its groups are the same.

import type { Assertion, ParsedPattern, PatternNode, Ranges } from './pattern-syntax.js';

/** Longest program; a counted repetition is written out. */
const maximumInstructions = 20_000;

type Instruction =
  | { readonly op: 'set'; readonly units: UnitSet }
  | { readonly op: 'split'; preferred: number; other: number }
  | { readonly op: 'jump'; to: number }
  | { readonly op: 'save'; readonly slot: number }
  | { readonly op: 'assert'; readonly holds: (text: string, at: number) => boolean }
  | { readonly op: 'match' };

/** Codes of instructions in a packed program. */
const [opSet, opSplit, opJump, opSave, opAssert, opMatch] = [0, 1, 2, 3, 4, 5];

/** Instructions as numbers: code, and two operands. */
interface Packed {
  readonly codes: Uint8Array;
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly sets: readonly UnitSet[];
  readonly assertions: readonly ((text: string, at: number) => boolean)[];
}

/** A program for one pattern. Its scratch memory is shared by all of its searches. */
export class LinearMatcher {
  readonly #program: Packed;
  readonly #slots: Int32Array;
  #visited = new Uint32Array(0);
  /** Pairs of an instruction and a place, or of a slot (below zero) and what to put back into it. */
  #jobs = new Int32Array(256);

  private constructor(program: Packed, groups: number) {
    this.#program = program;
    this.#slots = new Int32Array((groups + 1) * 2);
  }

  /** `undefined` when the program would be too long. */
  static compile({ root, groups }: ParsedPattern): LinearMatcher | undefined {
    const writer = new ProgramWriter();
    writer.emit(root);
    writer.finish();
    return writer.tooLong ? undefined : new LinearMatcher(packed(writer.program), groups);
  }

  /** The groups of the leftmost match, the whole at 0; `undefined` for a group that took no part. */
  exec(text: string): readonly (string | undefined)[] | undefined {
    if (!this.test(text)) return undefined;
    const slots = this.#slots;
    const groups: (string | undefined)[] = [];
    for (let slot = 0; slot < slots.length; slot += 2) {
      const [from, to] = [slots[slot]!, slots[slot + 1]!];
      groups.push(from < 0 || to < 0 ? undefined : text.slice(from, to));
    }
    return groups;
  }

  test(text: string): boolean {
    const words = Math.ceil((this.#program.codes.length * (text.length + 1)) / 32);
    if (this.#visited.length < words) this.#visited = new Uint32Array(words);
    else this.#visited.fill(0, 0, words);
    // A place that failed from an earlier start fails from a later one: the marks stay.
    for (let start = 0; start <= text.length; start += 1) if (this.#matchesFrom(text, start)) return true;
    return false;
  }

  #matchesFrom(text: string, start: number): boolean {
    const { codes, first, second, sets, assertions: asserted } = this.#program;
    const visited = this.#visited;
    const slots = this.#slots.fill(-1);
    const width = text.length + 1;
    slots[0] = start;
    let jobs = this.#push(0, 0, start);
    while (jobs > 0) {
      jobs -= 2;
      let counter = this.#jobs[jobs]!;
      let at = this.#jobs[jobs + 1]!;
      if (counter < 0) {
        slots[-counter - 1] = at;
        continue;
      }
      for (;;) {
        const bit = counter * width + at;
        const mask = 1 << (bit & 31);
        if ((visited[bit >>> 5]! & mask) !== 0) break;
        visited[bit >>> 5]! |= mask;
        const code = codes[counter]!;
        if (code === opSet) {
          if (at >= text.length || !hasUnit(sets[first[counter]!]!, text.charCodeAt(at))) break;
          at += 1;
          counter += 1;
        } else if (code === opSplit) {
          jobs = this.#push(jobs, second[counter]!, at);
          counter = first[counter]!;
        } else if (code === opJump) counter = first[counter]!;
        else if (code === opSave) {
          const slot = first[counter]!;
          jobs = this.#push(jobs, -slot - 1, slots[slot]!);
          slots[slot] = at;
          counter += 1;
        } else if (code === opAssert) {
          if (!asserted[first[counter]!]!(text, at)) break;
          counter += 1;
        } else {
          slots[1] = at;
          return true;
        }
      }
    }
    return false;
  }

  #push(jobs: number, counter: number, at: number): number {
    if (jobs + 2 > this.#jobs.length) {
      const longer = new Int32Array(this.#jobs.length * 2);
      longer.set(this.#jobs);
      this.#jobs = longer;
    }
    this.#jobs[jobs] = counter;
    this.#jobs[jobs + 1] = at;
    return jobs + 2;
  }
}

function packed(program: readonly Instruction[]): Packed {
  const codes = new Uint8Array(program.length);
  const first = new Int32Array(program.length);
  const second = new Int32Array(program.length);
  const sets: UnitSet[] = [];
  const asserted: Packed['assertions'][number][] = [];
  for (const [at, instruction] of program.entries()) {
    switch (instruction.op) {
      case 'set':
        codes[at] = opSet!;
        first[at] = sets.push(instruction.units) - 1;
        break;
      case 'split':
        codes[at] = opSplit!;
        first[at] = instruction.preferred;
        second[at] = instruction.other;
        break;
      case 'jump':
        codes[at] = opJump!;
        first[at] = instruction.to;
        break;
      case 'save':
        codes[at] = opSave!;
        first[at] = instruction.slot;
        break;
      case 'assert':
        codes[at] = opAssert!;
        first[at] = asserted.push(instruction.holds) - 1;
        break;
      case 'match':
        codes[at] = opMatch!;
    }
  }
  return { codes, first, second, sets, assertions: asserted };
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
    this.program.push({ op: 'set', units: unitSet(ranges) });
  }

  #emitUnit(unit: number): void {
    this.program.push({ op: 'set', units: unitSet([[unit, unit]]) });
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

/** UTF-16 units: a table for Latin-1, ranges beyond. */
interface UnitSet {
  readonly table: Uint8Array;
  readonly wide: Ranges;
}

function unitSet(ranges: Ranges): UnitSet {
  const table = new Uint8Array(256);
  for (const [from, to] of ranges) for (let unit = from; unit <= Math.min(to, 255); unit += 1) table[unit] = 1;
  const beyond = ranges.filter(([, to]) => to > 255);
  // What takes characters beyond the basic plane takes each of their two units.
  const surrogates: Ranges = ranges.some(([, to]) => to > 0xffff) ? [[0xd800, 0xdfff]] : [];
  return { table, wide: [...beyond, ...surrogates] };
}

function hasUnit({ table, wide }: UnitSet, unit: number): boolean {
  return unit < 256 ? table[unit] === 1 : wide.some(([from, to]) => unit >= from && unit <= to);
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
