// Other Datalog systems on a transitive closure: each reads the facts from a file in its own form and derives all pairs.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MOST_OUTPUT = 1 << 30;

function version(program, args, pattern) {
  const { stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  return error === undefined ? (pattern.exec(`${stdout}${stderr}`)?.[0] ?? 'unknown') : undefined;
}

/** Runs a program under `sh`, whose `times` tells the CPU time of its children. */
function run(command, wantOutput) {
  const script = `${command} ${wantOutput ? '' : '>/dev/null'}; code=$?; times >&2; exit $code`;
  const { stdout, stderr, status, error } = spawnSync('sh', ['-c', script], {
    encoding: 'utf8',
    maxBuffer: MOST_OUTPUT,
  });
  if (error !== undefined) throw error;
  const children = stderr.trimEnd().split('\n').at(-1);
  const times = [...children.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, seconds]) => 60 * Number(minutes) + Number(seconds),
  );
  // gringo ends with 0 or, as clingo, with a code that tells of models; swipl and souffle with 0.
  if (times.length !== 2 || (status !== 0 && status !== 30)) throw new Error(`${command}: ${stderr}`);
  return { stdout, cpuMs: 1000 * (times[0] + times[1]) };
}

function peer(name, install, found, prepare) {
  if (found === undefined) return () => ({ name, absent: `not installed: ${install}` });
  return (edges) => {
    const folder = mkdtempSync(join(tmpdir(), 'tenstrip-bench-lattice-'));
    const { command, pairs } = prepare(folder, edges);
    let cpuMs = 0;
    return {
      name,
      version: found,
      run: () => {
        cpuMs = run(command, false).cpuMs;
      },
      childCpuMs: () => cpuMs,
      pairs: () => pairs(run),
      dispose: () => rmSync(folder, { recursive: true }),
    };
  };
}

const quoted = (edges) => edges.map(([from, to]) => `edge(${from},${to}).\n`).join('');

export const clingo = peer(
  'clingo --mode=gringo --text',
  'apt-get install gringo',
  version('clingo', ['--version'], /[\d.]+/),
  (folder, edges) => {
    const file = join(folder, 'closure.lp');
    writeFileSync(file, `${quoted(edges)}reach(X,Y) :- edge(X,Y). reach(X,Z) :- reach(X,Y), edge(Y,Z).\n`);
    const command = `clingo --mode=gringo --text ${file}`;
    return {
      command,
      pairs: (go) => matches(go(`${command} | grep ^reach`, true).stdout, /^reach\((\w+),(\w+)\)\.$/gm),
    };
  },
);

export const swipl = peer(
  'swipl with tabling',
  'apt-get install swi-prolog-nox',
  version('swipl', ['--version'], /[\d.]+/),
  (folder, edges) => {
    const file = join(folder, 'closure.pl');
    const closure = ':- table reach/2.\nreach(X,Y) :- edge(X,Y).\nreach(X,Z) :- reach(X,Y), edge(Y,Z).\n';
    writeFileSync(file, `:- set_prolog_flag(table_space, 8_000_000_000).\n${closure}${quoted(edges)}`);
    const goal = (body) => `swipl -q --stack-limit=4g -g "${body},halt" ${file}`;
    const command = goal('aggregate_all(count,reach(_,_),N),print(N),nl');
    const all = goal("forall(reach(X,Y),format('~w ~w~n',[X,Y]))");
    return { command, pairs: (go) => matches(go(all, true).stdout, /^(\w+) (\w+)$/gm) };
  },
);

export const souffle = peer(
  'Soufflé, interpreter',
  'build it from github.com/souffle-lang/souffle; it is in no Debian',
  version('souffle', ['--version'], /[\d.]+/),
  (folder, edges) => {
    const file = join(folder, 'closure.dl');
    writeFileSync(join(folder, 'edge.facts'), edges.map(([from, to]) => `${from}\t${to}\n`).join(''));
    writeFileSync(
      file,
      `.decl edge(x:symbol,y:symbol)\n.input edge\n.decl reach(x:symbol,y:symbol)\n.output reach\nreach(x,y) :- edge(x,y).\nreach(x,z) :- reach(x,y), edge(y,z).\n`,
    );
    const command = `souffle -F ${folder} -D ${folder} ${file}`;
    return {
      command,
      pairs(go) {
        go(command, false);
        return matches(readFileSync(join(folder, 'reach.csv'), 'utf8'), /^(\w+)\t(\w+)$/gm);
      },
    };
  },
);

function matches(text, pattern) {
  return new Set(Array.from(text.matchAll(pattern), ([, from, to]) => `${from} ${to}`));
}
