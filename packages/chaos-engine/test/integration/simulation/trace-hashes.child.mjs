// Prints the trace hashes of some seeds, each run so often: argv seeds, runs.
import { simulate } from '@tenstrip/chaos-engine';
import { mixedServices, options } from './mixed-services.mjs';

const [seeds, runs, driver] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4] ?? 'auto'];
const hashes = [];
for (let seed = 0; seed < seeds; seed++) {
  const seen = new Set();
  for (let run = 0; run < runs; run++)
    seen.add((await simulate({ ...options, seed, driver }, mixedServices)).traceHash);
  hashes.push([...seen]);
}
process.stdout.write(`${JSON.stringify(hashes)}\n`);
