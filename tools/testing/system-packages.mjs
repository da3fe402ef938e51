// The programs of the operating system that some suites need, the Debian packages they come in, and how to get them there:
// with apt when running as root on Debian or Ubuntu, otherwise by telling which line installs them.
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { SetUpError } from '../bootstrap/set-up-error.mjs';
import { runStep } from '../bootstrap/step.mjs';

/** @typedef {{ debian: string, tools: readonly string[], neededBy: string }} SystemPackage */

/** @type {readonly SystemPackage[]} */
export const SYSTEM_PACKAGES = [
  {
    debian: 'util-linux',
    tools: ['unshare', 'setpriv', 'prlimit', 'mount'],
    neededBy: 'process isolates: namespaces, private root, data limit',
  },
  {
    debian: 'iproute2',
    tools: ['ip'],
    neededBy: 'process isolates: proof that the network namespace is empty; enforcement: namespaces of their own',
  },
  { debian: 'swtpm', tools: ['swtpm'], neededBy: 'evidence of devices: a TPM in software' },
  {
    debian: 'swtpm-tools',
    tools: ['swtpm_setup', 'swtpm_localca'],
    neededBy: 'evidence of devices: endorsement certificates of that TPM',
  },
  {
    debian: 'tpm2-tools',
    tools: ['tpm2_quote', 'tpm2_checkquote', 'tpm2_eventlog', 'tpm2_activatecredential'],
    neededBy: 'evidence of devices: quotes, and another opinion on them',
  },
  { debian: 'nftables', tools: ['nft'], neededBy: 'enforcement by the packet filter; partitions as faults' },
  {
    debian: 'strace',
    tools: ['strace'],
    neededBy: 'proof that a dry run of an experiment writes nothing; files: kills and refusals at each call',
  },
  {
    debian: 'crowdsec-firewall-bouncer',
    tools: ['crowdsec-firewall-bouncer'],
    neededBy: 'the local API: proof that an unmodified bouncer enforces a ledger',
  },
  {
    debian: 'golang-go',
    tools: ['go'],
    neededBy: "attestations: a log read by another implementation, Go's sumdb",
  },
  {
    debian: 'golang-golang-x-mod-dev',
    tools: ['/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog/tlog.go'],
    neededBy: "attestations: a log read by another implementation, Go's sumdb",
  },
  { debian: 'gringo', tools: ['clingo'], neededBy: 'the semantic lattice: stable models by another implementation' },
  { debian: 'pari-gp', tools: ['gp'], neededBy: 'polynomials: greatest common divisors by another implementation' },
  { debian: 'clang', tools: ['clang'], neededBy: 'polynomials: the WebAssembly kernel rebuilt from its source' },
  { debian: 'lld', tools: ['wasm-ld'], neededBy: 'polynomials: the WebAssembly kernel rebuilt from its source' },
  {
    debian: 'python3-sympy',
    tools: ['/usr/bin/python3', '/usr/lib/python3/dist-packages/sympy/__init__.py'],
    neededBy: 'symbolic computation: values and derivatives by another system',
  },
];

/** Where administrators' programs are, which an ordinary user's PATH may leave out. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin'];

/**
 * Tells whether a program is there, or a file that is named by its whole path.
 *
 * @param {string} tool
 * @param {string} [path] like the variable PATH
 */
export function isInstalledTool(tool, path = process.env.PATH ?? '') {
  if (isAbsolute(tool)) return existsSync(tool);
  return [...path.split(delimiter), ...SYSTEM_FOLDERS].some((folder) => {
    try {
      accessSync(join(folder, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * The packages that lack at least one tool.
 *
 * @param {readonly SystemPackage[]} [table]
 * @param {(tool: string) => boolean} [installed]
 */
export function missingPackages(table = SYSTEM_PACKAGES, installed = isInstalledTool) {
  return table.filter(({ tools }) => !tools.every((tool) => installed(tool)));
}

/**
 * The line that installs packages.
 *
 * @param {readonly SystemPackage[]} packages
 */
export function installLine(packages) {
  return `sudo apt-get install -y ${packages.map(({ debian }) => debian).join(' ')}`;
}

/**
 * Installs what is missing where that is possible, and gives what is missing still.
 *
 * @returns {Promise<readonly SystemPackage[]>}
 */
export async function provideSystemPackages() {
  const missing = missingPackages();
  if (missing.length === 0 || !canUseApt()) return missing;
  const names = missing.map(({ debian }) => debian);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await runStep({
      title: 'Reading the package lists (apt-get)',
      command: 'apt-get',
      args: ['update', '-q'],
      cwd: '/',
      env,
    });
    const args = ['install', '-y', '-q', '--no-install-recommends', ...names];
    await runStep({ title: `Installing ${names.join(', ')} (apt-get)`, command: 'apt-get', args, cwd: '/', env });
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    process.stderr.write(`${error.message}\n`);
  }
  return missingPackages();
}

function canUseApt() {
  if (process.getuid?.() !== 0 || !isInstalledTool('apt-get') || !existsSync('/etc/os-release')) return false;
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'));
}
