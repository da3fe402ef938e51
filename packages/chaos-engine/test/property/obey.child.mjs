// An engine that does as it is told, one line of JSON a command, and answers each with a line. Arguments: folder, policy.

import { createInterface } from 'node:readline';
import { HostSurface } from '@tenstrip/chaos-engine';

const [folder, policy] = process.argv.slice(2);
const host = await HostSurface.open({ folder, policy: JSON.parse(policy) });
const active = [];
process.stdout.write(`${JSON.stringify({ reaper: host.reaperPid })}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  const { inject, revert } = JSON.parse(line);
  let answer = 'done';
  try {
    if (inject !== undefined) active.push(await host.inject(inject.target, inject.fault, { ttlMs: inject.ttlMs }));
    else await active[revert % Math.max(1, active.length)]?.revert();
  } catch (error) {
    answer = error.code;
  }
  process.stdout.write(`${JSON.stringify({ answer, reaper: host.reaperPid })}\n`);
}
