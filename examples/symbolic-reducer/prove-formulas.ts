// Two formulas that are said to be the same: proved equal, with the conditions, or shown where they differ. Run it with
// `npx ts-node examples/symbolic-reducer/prove-formulas.ts`; two formulas of one's own may be given as arguments.
import { type Assumptions, ExpressionStore, parseText, printText, proveEqual } from '@tenstrip/symbolic-reducer';

const claims: readonly [left: string, right: string, assume?: Assumptions][] = [
  ['(x^2 - 1)/(x - 1)', 'x + 1'],
  ['n*(n + 1)/2', '(n^2 + n)/2'],
  ['(a + b)^2', 'a^2 + b^2'],
  ['sqrt(x^2)', 'x'],
  ['sqrt(x^2)', 'x', { x: ['nonnegative'] }],
  ['log(rate*t)', 'log(rate) + log(t)', { rate: ['positive'], t: ['positive'] }],
  ['1 - 2*sin(w/2)^2', 'cos(w)'],
  ['(exp(t) - exp(-t))/(exp(t) + exp(-t))', 'tanh(t)'],
  ['log(x^2)', '2*log(x)'],
];

function main(): void {
  const [left, right] = process.argv.slice(2);
  for (const [a, b, assume] of left !== undefined && right !== undefined ? [[left, right] as const] : claims) {
    console.log(`${a} = ${b}${assume === undefined ? '' : ` with ${JSON.stringify(assume)}`}`);
    console.log(`  ${verdictOf(a, b, assume)}`);
  }
}

function verdictOf(left: string, right: string, assume: Assumptions = {}): string {
  const store = new ExpressionStore();
  const { result, domain } = store.withDomain(() => [parseText(store, left), parseText(store, right)] as const);
  const verdict = proveEqual(store, ...result, { domain, assume });
  switch (verdict.kind) {
    case 'proved': {
      const conditions = verdict.conditions.map(
        ({ relation, expression }) => `${printText(store, expression)} is ${relation}`,
      );
      return conditions.length === 0 ? 'proved' : `proved where ${conditions.join(' and ')}`;
    }
    case 'refuted':
      return `they differ at ${Object.entries(verdict.witness)
        .map(([name, value]) => `${name} = ${value}`)
        .join(', ')}`;
    default:
      return `unknown: ${verdict.detail}`;
  }
}

main();
