// Answers the questions on its command line through the strip, in a deterministic governor, and prints all of it.
import { PluginRegistry, ResourceGovernor, testing } from '@tenstrip/shared-core';
import { symbolicReducerStrip } from '@tenstrip/symbolic-reducer';

const [, , seed, ...texts] = process.argv;
const registry = new PluginRegistry({ governor: new ResourceGovernor(testing(seed)) });
const { call } = await registry.mount(symbolicReducerStrip, {});
const answers = [];
for (const expression of texts) {
  const source = { expression };
  answers.push(await call.parseExpression({ source }));
  answers.push(await call.simplify({ source }));
  answers.push(await call.proveEqual({ left: source, right: { expression: `(${expression})*(x-x+1)+1/1000000` } }));
  answers.push(await call.proveEqual({ left: source, right: source }));
  answers.push(await call.differentiate({ source, variable: 'x' }));
  answers.push(await call.compile({ sources: [source] }));
}
process.stdout.write(JSON.stringify(answers));
await registry[Symbol.asyncDispose]();
