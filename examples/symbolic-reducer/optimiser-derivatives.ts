// A least-squares fit of a decaying signal by Newton's method: gradient and Hessian come from the formula, exactly, are compiled together,
// and share all that they have in common. Run it with `npx ts-node examples/symbolic-reducer/optimiser-derivatives.ts`.
import {
  compile,
  Differentiator,
  differentiateWithProof,
  ExpressionStore,
  parseText,
} from '@tenstrip/symbolic-reducer';

/** What was measured: 4*exp(-0.6*t), with a little noise. */
const samples = [
  [0, 4.02],
  [1, 2.18],
  [2, 1.22],
  [3, 0.65],
  [4, 0.37],
] as const;

function main(): void {
  const store = new ExpressionStore();
  const residuals = samples.map(([t, value]) => `(a*exp(-b*${t}) - ${value})^2`);
  const loss = parseText(store, residuals.join(' + '));
  const [byA, byB] = [new Differentiator(store, 'a'), new Differentiator(store, 'b')];
  const gradient = [byA.of(loss), byB.of(loss)];
  const hessian = [byA.of(gradient[0]!), byB.of(gradient[0]!), byB.of(gradient[1]!)];
  for (const name of ['a', 'b']) {
    const { proved } = differentiateWithProof(store, loss, name);
    console.log(`derivative by ${name}: ${proved ? 'proved' : 'not proved'}`);
  }

  const alone = [loss, ...gradient, ...hessian].map((each) => compile(store, [each]).operations);
  const together = compile(store, [loss, ...gradient, ...hessian]);
  console.log(`operations: ${alone.reduce((sum, count) => sum + count)} one by one, ${together.operations} together`);

  let [a, b] = [3, 0.5];
  for (let step = 1; step <= 6; step++) {
    const [value, ga, gb, haa, hab, hbb] = together.evaluate([a, b]) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const determinant = haa * hbb - hab * hab;
    a -= (hbb * ga - hab * gb) / determinant;
    b -= (haa * gb - hab * ga) / determinant;
    console.log(`step ${step}: loss ${value.toFixed(6)}, then a = ${a.toFixed(4)}, b = ${b.toFixed(4)}`);
  }
}

main();
