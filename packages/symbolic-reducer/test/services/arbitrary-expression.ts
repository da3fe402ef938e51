// Expressions for fast-check, as trees of text: whatever the grammar allows, in every nesting of operators.
import fc from 'fast-check';

const names = ['x', 'y', 'z'];

/** Texts of expressions over x, y, z with these functions. */
export function expressionText(functions: readonly string[] = []): fc.Arbitrary<string> {
  const { node } = fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.constantFrom(...names),
      fc.integer({ min: 0, max: 12 }).map(String),
      fc
        .tuple(tie('node'), fc.constantFrom('+', '-', '*', '/'), tie('node'))
        .map(([a, operator, b]) => `(${a})${operator}(${b})`),
      fc
        .tuple(tie('node'), fc.constantFrom('2', '3', '(-1)', '(-2)', '(1/2)', '(3/2)'))
        .map(([a, exponent]) => `(${a})^${exponent}`),
      tie('node').map((a) => `-(${a})`),
      ...(functions.length === 0
        ? []
        : [fc.tuple(fc.constantFrom(...functions), tie('node')).map(([name, a]) => `${name}(${a})`)]),
    ),
  }));
  return node;
}
