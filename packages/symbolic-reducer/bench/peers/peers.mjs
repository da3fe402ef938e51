// The peers of the benchmarks of polynomials: programs of Debian's packages that stay at work during a comparison. Each measures the CPU
// time of a run itself, without its start and without reading its input.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Polynomial } from '@tenstrip/symbolic-reducer';

const names = ['x', 'y', 'z', 't', 'u'];

/** A polynomial as all peers read it. */
function textOf(polynomial) {
  const parts = [];
  for (const { exponents, coefficient } of polynomial.terms()) {
    const powers = exponents.flatMap((exponent, variable) =>
      exponent === 0 ? [] : [`${names[variable]}^${exponent}`],
    );
    const text = [coefficient.toString(), ...powers].join('*');
    parts.push(coefficient < 0n ? text : `+${text}`);
  }
  return parts.join('').replace(/^\+/, '') || '0';
}

const here = (file) => fileURLToPath(new URL(file, import.meta.url));

function versionFrom(command, args, pattern) {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return pattern.exec(`${stdout ?? ''}${stderr ?? ''}`)?.[1];
}

/** A program that answers `done <milliseconds>` to each command. */
class Program {
  #child;
  #lines;
  folder;

  constructor(folder, command, args) {
    this.folder = folder;
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Sends a command; gives the answer's milliseconds. */
  async ask(command) {
    this.#child.stdin.write(`${command}\n`);
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`the peer ended at: ${command.slice(0, 200)}`);
      const answer = /^done ([\d.]+)$/.exec(value.trim());
      if (answer) return Number(answer[1]);
    }
  }

  async stop() {
    this.#child.kill();
    await once(this.#child, 'close');
    rmSync(this.folder, { recursive: true });
  }
}

/** What a kind of program says to set, run and print. */
const kinds = {
  FLINT: {
    debian: 'libflint-dev and gcc',
    version: () => versionFrom('dpkg-query', ['-s', 'libflint-dev'], /^Version: ([\d.]+)/m),
    start(folder, variables) {
      const program = join(folder, 'flint-peer');
      execFileSync('gcc', ['-O2', '-o', program, here('flint.c'), '-lflint', '-lgmp', '-lm']);
      return [program, names.slice(0, variables)];
    },
    set: (name, path) => `set ${name} ${path}`,
    run: (operation, exponent, times) => `run ${operation} ${exponent} ${times}`,
    print: (path) => `print ${path}`,
    read: readLines,
  },
  SymPy: {
    debian: 'python3-sympy',
    version: () => versionFrom('/usr/bin/python3', ['-c', 'import sympy; print(sympy.__version__)'], /^([\d.]+)/),
    start: (_, variables) => ['/usr/bin/python3', [here('sympy_peer.py'), ...names.slice(0, variables)]],
    set: (name, path) => `set ${name} ${path}`,
    run: (operation, exponent, times) => `run ${operation} ${exponent} ${times}`,
    print: (path) => `print ${path}`,
    read: readLines,
  },
  PARI: {
    debian: 'pari-gp',
    version: () => versionFrom('gp', ['--version-short'], /([\d.]+)/),
    start: () => ['gp', ['-q', '-f', '-s', '1G']],
    begin: `[${names.join()}];`,
    set: (name, path) => `${name} = read("${path}"); print("done 0")`,
    run(operation, exponent, times) {
      const call = { multiply: 'A*B', power: `A^${exponent}`, gcd: 'gcd(A,B)' }[operation];
      return `gettime(); for(i=1,${times},C=${call}); print("done ", gettime())`;
    },
    print: (path) => `write("${path}", C); print("done 0")`,
    read: readText,
  },
  Singular: {
    debian: 'singular-ui',
    version: () => versionFrom('Singular', ['-v'], /version ([\d.]+)/),
    start: () => ['Singular', ['-q', '--no-rc', '--ticks-per-sec=1000']],
    begin: `ring R=0,(${names.join()}),dp; poly A; poly B; poly C; int i; int T; option(noredefine); short=0;`,
    set: (name, path) => `execute("${name}="+read(":r ${path}")+";"); "done 0";`,
    run(operation, exponent, times) {
      const call = { multiply: 'A*B', power: `A^${exponent}`, gcd: 'gcd(A,B)' }[operation];
      return `T=timer; for(i=1;i<=${times};i++){C=${call};} T=timer-T; "done "+string(T);`;
    },
    print: (path) => `write(":w ${path}", string(C)); "done 0";`,
    read: readText,
  },
};

function readLines(text, variables) {
  const terms = text
    .trim()
    .split('\n')
    .map((line) => {
      const words = line.split(' ');
      return { exponents: words.slice(0, variables).map(Number), coefficient: BigInt(words[variables]) };
    });
  return Polynomial.fromTerms(variables, terms);
}

/** A polynomial written out or nested by Horner's rule, as PARI does: read with its own operators. */
function readText(text, variables) {
  const tokens = text.replace(/\s/g, '').match(/\d+|[a-z]|[-+*^()]/g) ?? [];
  let at = 0;
  const constant = (value) => Polynomial.constant(variables, value);
  const sum = () => {
    let parts = [];
    let sign = 1n;
    if (tokens[at] === '-' || tokens[at] === '+') sign = tokens[at++] === '-' ? -1n : 1n;
    for (;;) {
      parts.push(product().scale(sign));
      if (tokens[at] !== '+' && tokens[at] !== '-') break;
      sign = tokens[at++] === '-' ? -1n : 1n;
    }
    // In halves: adding one by one would be quadratic.
    while (parts.length > 1) {
      const halved = [];
      for (let index = 0; index < parts.length; index += 2) {
        halved.push(index + 1 < parts.length ? parts[index].add(parts[index + 1]) : parts[index]);
      }
      parts = halved;
    }
    return parts[0];
  };
  const product = () => {
    let value = factor();
    while (tokens[at] === '*') {
      at++;
      value = value.multiply(factor());
    }
    return value;
  };
  const factor = () => {
    const token = tokens[at++];
    let value;
    if (token === '(') {
      value = sum();
      at++;
    } else if (token === '-') return factor().negate();
    else value = /\d/.test(token) ? constant(BigInt(token)) : Polynomial.variable(variables, names.indexOf(token));
    if (tokens[at] !== '^') return value;
    at++;
    return value.power(Number(tokens[at++]));
  };
  return sum();
}

/** Why a peer is not here, as the table shows it; undefined when it is. */
export function absenceOf(kind) {
  const { version, debian } = kinds[kind];
  return version() === undefined
    ? `needs Debian's ${debian}: apt-get install ${debian.replace(' and', '')}`
    : undefined;
}

/**
 * A peer that holds two polynomials and does one operation on them again and again.
 *
 * @param {'FLINT' | 'PARI' | 'Singular' | 'SymPy'} kind
 */
export async function startPeer(kind, { operation, a, b, exponent = 0, times }) {
  const { version, start, begin, set, run, print, read } = kinds[kind];
  const folder = mkdtempSync(join(tmpdir(), 'tenstrip-bench-peer-'));
  const program = new Program(folder, ...start(folder, a.variables));
  if (begin !== undefined) await program.ask(kind === 'PARI' ? `${begin} print("done 0")` : `${begin} "done 0";`);
  for (const [name, polynomial] of [
    ['A', a],
    ['B', b ?? a],
  ]) {
    const path = join(folder, name);
    writeFileSync(path, textOf(polynomial));
    await program.ask(set(name, path));
  }
  let cpuMs = 0;
  return {
    name: kind,
    version: version(),
    run: async () => {
      cpuMs = await program.ask(run(operation, exponent, times));
    },
    childCpuMs: () => cpuMs,
    /** The last result, term by term. */
    result: async () => {
      const path = join(folder, 'result');
      await program.ask(print(path));
      return read(readFileSync(path, 'latin1'), a.variables);
    },
    stop: () => program.stop(),
  };
}
