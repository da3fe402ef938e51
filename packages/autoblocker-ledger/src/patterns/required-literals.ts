// Texts that stand, in this order and without overlap, in everything that a pattern matches. A few substring searches say
// of most lines that they cannot match, for less than a tenth of what an expression costs.

import type { PatternNode } from './pattern-syntax.js';

/** Shorter texts say too little. */
const shortest = 2;

/** The required texts of a pattern, in order; upper and lower case where the pattern minds. */
export function requiredLiterals(root: PatternNode): readonly string[] {
  const collector = new Collector();
  collector.visit(root);
  collector.cut();
  return collector.found;
}

/** Whether all of them stand in a text in their order. */
export function holdsInOrder(text: string, literals: readonly string[]): boolean {
  let from = 0;
  for (const literal of literals) {
    const at = text.indexOf(literal, from);
    if (at < 0) return false;
    from = at + literal.length;
  }
  return true;
}

class Collector {
  readonly found: string[] = [];
  #current = '';

  visit(node: PatternNode): void {
    switch (node.kind) {
      case 'set': {
        const [only, second] = node.ranges;
        if (only !== undefined && second === undefined && only[0] === only[1])
          this.#current += String.fromCodePoint(only[0]);
        else this.cut();
        return;
      }
      case 'concat':
        for (const part of node.parts) this.visit(part);
        return;
      case 'group':
        this.visit(node.body);
        return;
      case 'repeat':
        if (node.least === 1 && node.most === 1) {
          this.visit(node.body);
          return;
        }
        this.cut();
        if (node.least > 0) this.visit(node.body);
        this.cut();
        return;
      case 'either':
        this.cut();
        return;
      default:
        return;
    }
  }

  cut(): void {
    if (this.#current.length >= shortest) this.found.push(this.#current);
    this.#current = '';
  }
}
