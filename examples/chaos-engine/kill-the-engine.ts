// An engine that is killed in the middle of its faults, and a host that is clean a moment later. Run it with
// `npx ts-node examples/chaos-engine/kill-the-engine.ts`; it harms only processes that it starts itself. Linux.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { compareSnapshots, hostSnapshot } from '@tenstrip/chaos-engine';

/** The engine, a program of its own: pauses every process it is given, fills memory, and would hold on for ten minutes. */
const engine = `
  import { HostSurface } from '@tenstrip/chaos-engine';
  const [folder, ...pids] = process.argv.slice(1);
  const policy = { processes: { pids: pids.map(Number) }, host: { bytes: 1 << 24 }, blastRadius: { targets: 3 } };
  const host = await HostSurface.open({ folder, policy });
  for (const pid of policy.processes.pids) {
    await host.inject({ pid }, { kind: 'process.pause', tree: true }, { ttlMs: 600_000 });
  }
  await host.inject({ host: 'local' }, { kind: 'memory.fill', bytes: 1 << 24 }, { ttlMs: 600_000 });
  console.log('active');
  setInterval(() => {}, 60_000);
`;

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kill-the-engine-'));
  const children = Array.from({ length: 3 }, () => spawn('sleep', ['600'], { stdio: 'ignore' }));
  const processes = children.map(({ pid }) => pid ?? 0);
  const before = await hostSnapshot({ folder, processes });

  const args = ['--input-type=module', '-e', engine, folder, ...processes.map(String)];
  const running = spawn(process.execPath, args, { cwd: __dirname, stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    running.stdout.once('data', () => resolve());
    running.once('close', () => reject(new Error('the engine ended by itself')));
  });
  const during = await hostSnapshot({ folder, processes });
  console.log('while the engine runs:', states(during.processes), 'and', during.burners, 'burner');

  running.kill('SIGKILL');
  await new Promise((resolve) => running.once('close', resolve));
  const killedAt = performance.now();
  let differences = compareSnapshots(before, await hostSnapshot({ folder, processes }));
  while (differences.length > 0 && performance.now() - killedAt < 10_000) {
    await wait(2);
    differences = compareSnapshots(before, await hostSnapshot({ folder, processes }));
  }
  console.log('after SIGKILL:', states((await hostSnapshot({ folder, processes })).processes));
  console.log(differences.length === 0 ? 'the host is as it was before' : differences);
  console.log(`it took ${Math.round(performance.now() - killedAt)} ms`);

  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
}

function states(processes: Readonly<Record<string, { readonly state: string }>>): string {
  return Object.values(processes)
    .map(({ state }) => state)
    .join(', ');
}

void main();
