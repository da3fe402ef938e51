// Porcupine as a process of its own, given the same histories as we. TENSTRIP_PORCUPINE names a program around it: its first argument
// is a file, JSON, with a list of histories { kind: 'register' | 'store', operations }, as `forPeer` below makes them; then, for each
// line of its input, a list of numbers of histories, it prints a line with a digit for each: 1 linearizable, 0 not.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const program = process.env.TENSTRIP_PORCUPINE;
const absent = {
  name: 'Porcupine',
  absent:
    'TENSTRIP_PORCUPINE names no program around github.com/anishathalye/porcupine; bench/checking/porcupine.mjs says what it does',
};

/** @returns a started peer, or why there is none. Histories are those of our parsers, with a `kind` each */
export function startPorcupine(histories) {
  if (program === undefined) return { absent };
  const made = mkdtempSync(join(tmpdir(), 'tenstrip-bench-porcupine-'));
  const remove = () => rmSync(made, { recursive: true, force: true });
  writeFileSync(join(made, 'histories.json'), JSON.stringify(histories.map(forPeer)));
  const child = spawn(program, [join(made, 'histories.json')], { stdio: ['pipe', 'pipe', 'inherit'] });
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
function forPeer({ kind, history }) {
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
