// `node deterministic-host.child.mjs <kind>`: prints what deterministic isolates give for fixed seeds.
import { Isolate, ResourceGovernor, testing } from '@tenstrip/shared-core';

const outputs = [];
for (const seed of [1, 2]) {
  const governor = new ResourceGovernor(testing(seed));
  const isolate = await Isolate.open(governor, {
    kind: process.argv[2],
    module: new URL('./functions.guest.mjs', import.meta.url),
  });
  for (const call of [1, 2]) {
    const before = governor.clock.now();
    const world = await governor.run(`call ${call}`, (op) => isolate.call('world', null, op));
    outputs.push({ seed, call, world, hostElapsed: governor.clock.now() - before });
  }
  await isolate[Symbol.asyncDispose]();
}
console.log(JSON.stringify(outputs, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value)));
process.exit(0);
