// `npm run bench [-- package…] [--quick] [--only text] [--strict]`: measures us beside our peers; see tools/bench/workload.mjs.
import { requireSupportedNode } from './bootstrap/node-version.mjs';
import { runEntry } from './bootstrap/set-up-error.mjs';

requireSupportedNode();
await runEntry(async () => {
  const { runBenchmarks } = await import('./bench/run-benchmarks.mjs');
  return await runBenchmarks(process.argv.slice(2));
});
