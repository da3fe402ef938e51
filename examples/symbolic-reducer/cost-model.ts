// The cost of keeping a service up, as somebody wrote it down: reduced to what it is, with a proof, and compiled into a function. Run it
// with `npx ts-node examples/symbolic-reducer/cost-model.ts`; a formula of one's own may be given as argument.
import { checkCertificate, compile, ExpressionStore, parseText, printText, reduce } from '@tenstrip/symbolic-reducer';

/** Machines for the load, each with its share of a discount that depends on how many there are; and the same again for a spare. */
const formula =
  '(load/capacity)*price + (load^2 - reserve^2)*price/((load + reserve)*capacity) + 2*price*reserve/capacity + price*load/(2*capacity) + price*load/(2*capacity)';

function main(): void {
  const [written = formula] = process.argv.slice(2);
  const store = new ExpressionStore();
  for (const name of ['load', 'capacity', 'price', 'reserve']) store.symbol(name, ['positive']);
  const cost = parseText(store, written);
  const { result, costBefore, cost: costAfter, certificates, conditions } = reduce(store, cost);
  console.log(`written: ${printText(store, cost)}`);
  console.log(`reduced: ${printText(store, result)}`);
  console.log(`operations: ${Math.round(costBefore)} before, ${Math.round(costAfter)} after`);
  const accepted = certificates.every((certificate) => checkCertificate(certificate).accepted);
  console.log(`proof: ${certificates.length} certificate, ${accepted ? 'accepted' : 'refused'}`);
  for (const { relation, expression } of conditions)
    console.log(`where ${printText(store, expression)} is ${relation}`);

  const compiled = compile(store, [result]);
  console.log(`compiled, ${compiled.operations} operations of (${compiled.parameters.join(', ')}):`);
  console.log(compiled.source);
  const values = compiled.parameters.map((_, at) => 100 / (at + 1));
  console.log(`at ${values.map((value) => value.toFixed(1)).join(', ')}: ${compiled.evaluate(values)[0]!.toFixed(2)}`);
}

main();
