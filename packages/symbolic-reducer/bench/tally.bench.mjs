// The cost of a counted key.
import { Tally } from '@tenstrip/symbolic-reducer';

/** @type {import('../../../tools/bench/workload.mjs').Workload[]} */
export default [
  {
    workload: 'Tally.add over 1,000 keys',
    size: '1,000,000 keys',
    unit: 'ns a key',
    measure({ quick }) {
      const adds = quick ? 100_000 : 1_000_000;
      const keys = Array.from({ length: 1_000 }, (_, index) => `key-${index}`);
      const tally = new Tally(keys.length);
      const before = process.cpuUsage();
      for (let add = 0; add < adds; add++) tally.add(keys[add % keys.length]);
      const { user, system } = process.cpuUsage(before);
      return { value: ((user + system) * 1_000) / adds, checked: `process.cpuUsage over ${adds} calls` };
    },
  },
];
