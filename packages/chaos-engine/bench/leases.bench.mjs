// How quickly faults come and go, and how soon a host is clean after its engine was killed. Linux; there is no peer that does
// the same without root services, so these are figures, with the bars of the specification.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostSurface } from '@tenstrip/chaos-engine';

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const stateOf = (pid) => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.[0];

/** Something to pause, and a folder; both are gone afterwards. */
async function withVictim(body) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-leases-'));
  const victim = spawn('sleep', ['1000'], { stdio: 'ignore' });
  try {
    return await body(folder, victim.pid);
  } finally {
    victim.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
}

/** Median of one of the two halves of a pause, over `times` pauses. */
async function pauses(times, half) {
  return withVictim(async (folder, pid) => {
    const host = await HostSurface.open({ folder, policy: { processes: { pids: [pid] } } });
    const taken = [];
    for (let time = 0; time < times + 5; time++) {
      const startedAt = performance.now();
      const fault = await host.inject({ pid }, { kind: 'process.pause' }, { ttlMs: 60_000 });
      const injectedAt = performance.now();
      if (stateOf(pid) !== 'T') throw new Error('it does not stand still');
      const revertAt = performance.now();
      await fault.revert();
      if (stateOf(pid) === 'T') throw new Error('it stands still yet');
      taken.push(half === 'inject' ? injectedAt - startedAt : performance.now() - revertAt);
    }
    await host.close();
    return { value: median(taken.slice(5)), checked: `state of /proc/PID/stat after each of ${times}` };
  });
}

/** Median from SIGKILL of an engine to its victim running again. */
async function afterKill(times) {
  return withVictim(async (folder, pid) => {
    const program = `
      import { HostSurface } from '@tenstrip/chaos-engine';
      const host = await HostSurface.open({ folder: ${JSON.stringify(folder)}, policy: { processes: { pids: [${pid}] } } });
      await host.inject({ pid: ${pid} }, { kind: 'process.pause' }, { ttlMs: 600_000 });
      console.log('paused');
      setInterval(() => {}, 60_000);`;
    const taken = [];
    for (let time = 0; time < times; time++) {
      const engine = spawn(process.execPath, ['--input-type=module', '-e', program], {
        cwd: import.meta.dirname,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const closed = new Promise((resolve) => engine.once('close', resolve));
      await new Promise((resolve) => engine.stdout.once('data', resolve));
      const killedAt = performance.now();
      engine.kill('SIGKILL');
      while (stateOf(pid) === 'T') await new Promise((resolve) => setImmediate(resolve));
      taken.push(performance.now() - killedAt);
      await closed;
    }
    return { value: median(taken), checked: `state of /proc/PID/stat after each of ${times} kills` };
  });
}

const pauseOf = (half, target) => ({
  workload: `a process is paused: ${half}, p50`,
  size: '200 times, each with a synced journal and an answer of the reaper',
  unit: 'ms',
  target,
  measure: ({ quick }) => pauses(quick ? 20 : 200, half),
});

export default [
  pauseOf('inject', { atMost: 10 }),
  pauseOf('revert', { atMost: 10 }),
  {
    workload: 'an engine is killed: until its victim runs again, p50',
    size: '20 engines',
    unit: 'ms',
    target: { atMost: 100 },
    measure: ({ quick }) => afterKill(quick ? 5 : 20),
  },
];
