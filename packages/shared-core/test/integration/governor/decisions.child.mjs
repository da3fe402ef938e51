// Runs a random program under a deterministic governor and prints its digest and outputs. Argument: the seed.
import { ResourceGovernor, testing } from '@tenstrip/shared-core';

const seed = Number(process.argv[2]);
const governor = new ResourceGovernor({ ...testing(seed), ioOpsPerSecond: 100, ioBurstOps: 2, maxQueue: 40 });
const nodes = [governor, governor.child('a', { ramBytes: 50 }), governor.child('b', { maxConcurrency: 2 })];
const program = governor.random.stream('program');

async function body(op, depth) {
  const results = [];
  for (let step = op.random.integer(0, 4); step >= 0; step--) {
    const kind = op.random.integer(0, 6);
    if (kind === 0) await op.clock.sleep(op.random.integer(0, 1000));
    else if (kind === 1) await op.io({ ops: op.random.integer(0, 5) });
    else if (kind === 2 && depth < 3) results.push(await op.run(`nested ${step}`, (inner) => body(inner, depth + 1)));
    else if (kind === 3) results.push(Buffer.from(op.entropy(4)).toString('hex'));
    // Outside work that takes a really random time.
    else if (kind === 4) await op.io({ ops: 1 }, () => new Promise((done) => setTimeout(done, Math.random() * 2)));
    else if (kind === 5 && op.random.integer(0, 3) === 0) throw new Error('on purpose');
    else for (let turn = 0; turn < 40; turn++) await op.checkpoint();
    results.push(op.clock.monotonicMs());
  }
  return results;
}

const calls = Array.from({ length: 60 }, (_, index) => {
  const spec = {
    name: `call ${index}`,
    ioOps: program.integer(0, 2),
    reserveBytes: program.integer(0, 60),
    deadlineMs: program.integer(100, 100_000),
  };
  return nodes[program.integer(0, 2)].run(spec, (op) => body(op, 0)).catch((error) => error.code ?? error.message);
});
const outputs = await Promise.all(calls);
await governor.close();
console.log(JSON.stringify({ digest: governor.decisionDigest(), outputs }));
