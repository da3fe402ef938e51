// Porcupine as a process of its own, built by Go from a folder that TENSTRIP_PORCUPINE names, given the same histories as we.
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const folder = process.env.TENSTRIP_PORCUPINE;
const absent = {
  name: 'Porcupine',
  absent: 'TENSTRIP_PORCUPINE names no folder: needs github.com/anishathalye/porcupine and Go 1.16 or newer',
};

/** @returns a started peer, or why there is none. Histories are those of our parsers, with a `kind` each */
export function startPorcupine(histories) {
  if (folder === undefined) return { absent };
  const made = mkdtempSync(join(tmpdir(), 'tenstrip-bench-porcupine-'));
  const remove = () => rmSync(made, { recursive: true, force: true });
  try {
    copyFileSync(fileURLToPath(new URL('main.go', import.meta.url)), join(made, 'main.go'));
    const needs = 'require github.com/anishathalye/porcupine v0.0.0\n';
    writeFileSync(
      join(made, 'go.mod'),
      `module peer\n\ngo 1.16\n\n${needs}\nreplace github.com/anishathalye/porcupine => ${folder}\n`,
    );
    const env = { ...process.env, GO111MODULE: 'on', GOFLAGS: '-mod=mod', GOPROXY: 'off' };
    execFileSync('go', ['build', '-o', 'peer', '.'], { cwd: made, env, stdio: ['ignore', 'ignore', 'pipe'] });
    writeFileSync(join(made, 'histories.json'), JSON.stringify(histories.map(forGo)));
  } catch (error) {
    remove();
    return { absent: { ...absent, absent: `it could not be built: ${String(error).slice(0, 200)}` } };
  }
  const child = spawn(join(made, 'peer'), [join(made, 'histories.json')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const judge = async (numbers) => {
    child.stdin.write(`${numbers.join(' ')}\n`);
    return (await lines.next()).value;
  };
  const cpuMs = () => {
    const stat = readFileSync(`/proc/${child.pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return 10 * (Number(fields[11]) + Number(fields[12])); // ticks of 10 ms
  };
  const stop = () => {
    child.stdin.end();
    remove();
  };
  return { judge, cpuMs, stop };
}

/** What is of unknown outcome returns after everything else; Porcupine's way to say so. */
function forGo({ kind, history }) {
  const end = Math.max(...history.map((entry) => entry.return ?? entry.call)) + 1;
  const taken = history.filter(({ outcome }) => outcome !== 'fail');
  return {
    kind,
    operations: taken.map(({ process, operation, result, call, return: returned, outcome }) => {
      const { f, key = '' } = operation;
      const number = f === 'read' ? (result ?? -1) : f === 'cas' ? operation.from : Number(operation.value ?? 0);
      const unknown = outcome === 'unknown';
      return {
        f,
        key,
        value: String(operation.value ?? ''),
        number: Number.isFinite(number) ? number : 0,
        to: operation.to ?? 0,
        text: typeof result === 'string' ? result : '',
        flag: result === true,
        unknown,
        process,
        call,
        return: unknown ? end : returned,
      };
    }),
  };
}
