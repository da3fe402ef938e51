// Six pieces of work under one governor: two at a time, and the same random numbers and the same order on every run, since the
// governor is deterministic. Run it with `npx ts-node examples/shared-core/governed-work.ts`.
import { ResourceGovernor, testing } from '@tenstrip/shared-core';

async function main(): Promise<void> {
  const governor = new ResourceGovernor({ ...testing('an example'), name: 'example', maxConcurrency: 2 });
  const work = (piece: number) =>
    governor.run(`piece ${piece}`, async (op) => {
      await op.checkpoint();
      return op.random.integer(1, 6);
    });
  const thrown = await Promise.all([1, 2, 3, 4, 5, 6].map(work));
  const { admitted, completed } = governor.statistics();
  console.log(`${completed} of ${admitted} done:`, thrown.join(' '));
  console.log('decisions:', governor.decisionDigest());
  await governor.close();
}

void main();
