// How a process isolate is confined: Node's permission model everywhere, and on Linux the kernel's borders around it:
// user, network, pid, mount and IPC namespaces, a root of its own that holds the program, the module's folder (a copy) and
// the system's libraries (read-only) and nothing else, no capabilities (capabilities(7)), a bound on data memory, an own
// session, and death with the host (PR_SET_PDEATHSIG).
//
// What each is for: the permission model leaves sockets and signals open; a network namespace closes TCP and abstract
// sockets but not sockets in the file system, which the own root does; a pid namespace hides other processes, but `kill(0)`
// still reaches the process group, which the own session ends. A copy of the module's folder and no mount of it, because
// a socket in a mounted folder could be connected to. Everything mounted vanishes with the namespace.
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { IsolatePromise } from './isolate-options.js';

/** What this machine lets an isolate promise; the text says why not. */
export interface Support extends Readonly<Record<IsolatePromise, true | string>> {
  /** Data memory that this Node reserves and does not use (the code range of V8 13 and newer), but that the kernel counts. */
  readonly reservedDataBytes: number;
}

/** A program to start, and how the guest sees its module. */
export interface Launch {
  command: string;
  args: string[];
  moduleUrl: string;
}

/** Bytes that the copy of a module's folder and the guest's own files may take together: 64 MiB. */
const maxRootBytes = 64 << 20;
const maxRootFiles = 16_384;
/** Node's own data memory at rest. */
const restingDataBytes = 48 << 20;
/** The same, with stacks and buffers of its threads. */
const runtimeDataBytes = 128 << 20;
/** Prints how much data memory a Node has that does nothing: proc(5), VmData in KiB. */
const printDataMemory =
  "console.log(/VmData:\\s+(\\d+)/.exec(require('node:fs').readFileSync('/proc/self/status', 'latin1'))[1])";
/** Folders on which the private root may be mounted; any that is not needed inside. Other processes never see it. */
const mountPoints = ['/mnt', '/media', '/srv', '/opt', '/tmp', '/var'];
const guestFolder = fileURLToPath(new URL('./guest/', import.meta.url));
const searchPath = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

const buildRoot = `
set -e
PATH=${searchPath.join(':')}
root=$1; node=$2; setpriv=$3; guest=$4; module=$5; shift 5
mount -t tmpfs -o size=${maxRootBytes},nr_inodes=${maxRootFiles},mode=755 tenstrip "$root"
cd "$root"
mkdir bin guest module
read_only() { mount -o bind,ro "$1" ".$2" 2>/dev/null || { mount --rbind "$1" ".$2"; mount -o remount,bind,ro ".$2"; }; }
for folder in /lib /lib64 /usr/lib /usr/lib64 /usr/local/lib /nix/store; do
  if [ -d "$folder" ]; then mkdir -p ".$folder"; read_only "$folder" "$folder"; fi
done
if [ -f /etc/ld.so.cache ]; then mkdir etc; cp /etc/ld.so.cache etc; fi
touch bin/node bin/setpriv
read_only "$node" /bin/node
read_only "$setpriv" /bin/setpriv
cp -R "$guest/." guest
echo '{"type":"module"}' > guest/package.json
if [ -n "$module" ]; then cp -R "$module/." module; fi
mount -o remount,bind,ro .
exec chroot . /bin/setpriv --bounding-set=-all --inh-caps=-all --no-new-privs /bin/node "$@"
`;

/** What holds on this machine, found out by trying; once a process. */
export function confinementSupport(): Promise<Support> {
  support ??= probe();
  return support;
}
let support: Promise<Support> | undefined;

async function probe(): Promise<Support> {
  const [namespaces, dataLimit, reservedDataBytes] = await Promise.all([
    tryNamespaces(),
    tryDataLimit(),
    findReservedDataBytes(),
  ]);
  return { 'no-network': namespaces, 'no-signals': namespaces, 'memory-bound': dataLimit, reservedDataBytes };
}

async function tryNamespaces(): Promise<true | string> {
  const missing = missingTools('setpriv', 'unshare', 'mount', 'chroot', 'cp', 'sh');
  if (missing !== undefined) return missing;
  const point = mountPoints.find((folder) => existsSync(folder));
  if (point === undefined) return `none of ${mountPoints.join(', ')} exists to mount a private root on`;
  const script =
    'set -e; PATH=$1; mount -t tmpfs tenstrip "$2"; mount -o remount,bind,ro "$2"; setpriv --bounding-set=-all --no-new-privs true';
  return outcome(namespaced(['sh', '-c', script, 'sh', searchPath.join(':'), point]));
}

async function tryDataLimit(): Promise<true | string> {
  return (
    missingTools('prlimit') ??
    outcome([tool('prlimit')!, `--data=${1 << 30}`, '--core=0', process.execPath, '--version'])
  );
}

async function findReservedDataBytes(): Promise<number> {
  if (process.platform !== 'linux') return 0;
  let kibibytes = '';
  await outcome([process.execPath, '-e', printDataMemory], (text) => {
    kibibytes += text;
  });
  return Math.max(0, (Number.parseInt(kibibytes, 10) || 0) * 1024 - restingDataBytes);
}

/** How to start the guest's process for `module` under what `support` offers. */
export function launchOf(module: URL, heapBytes: number, support: Support): Launch {
  const limited =
    support['memory-bound'] === true ? limitData(2 * heapBytes + runtimeDataBytes + support.reservedDataBytes) : [];
  const confined = support['no-network'] === true;
  const folder = module.protocol === 'file:' ? realpathSync(dirname(fileURLToPath(module))) : '';
  const line = confined ? confinedLine(folder, heapBytes) : plainLine(folder, heapBytes);
  const [command, ...args] = [...limited, ...line];
  return { command: command!, args, moduleUrl: confined ? urlInRoot(module) : module.href };
}

function confinedLine(folder: string, heapBytes: number): string[] {
  const node = realpathSync(process.execPath);
  const inputs = [node, folder, guestFolder, tool('setpriv')!];
  const root = mountPoints.find(
    (point) => existsSync(point) && !inputs.some((input) => `${input}/`.startsWith(`${point}/`)),
  );
  if (root === undefined)
    throw new Error(`the module, Node and this package lie below each of ${mountPoints.join(', ')}`);
  const guestLine = [...nodeFlags(heapBytes), ...readable(['/guest/', '/module/']), '/guest/process-entry.js'];
  return namespaced(['sh', '-c', buildRoot, 'sh', root, node, tool('setpriv')!, guestFolder, folder, ...guestLine]);
}

function plainLine(folder: string, heapBytes: number): string[] {
  const folders = [guestFolder, ...(folder === '' ? [] : [`${folder}/`])];
  return [process.execPath, ...nodeFlags(heapBytes), ...readable(folders), join(guestFolder, 'process-entry.js')];
}

/** `line` in namespaces of its own, and dead as soon as this process is. */
function namespaced([command, ...args]: string[]): string[] {
  const unshare = [tool('unshare')!, '--map-root-user', '--net', '--pid', '--ipc', '--mount', '--fork', '--kill-child'];
  return [tool('setpriv')!, '--pdeathsig', 'KILL', ...unshare, tool(command!) ?? command!, ...args];
}

/** Data memory (heap, buffers, stacks) bounded by the kernel, and no core dumps. */
function limitData(bytes: number): string[] {
  return [tool('prlimit')!, `--data=${bytes}`, '--core=0', '--nofile=256'];
}

function nodeFlags(heapBytes: number): string[] {
  const megabytes = Math.max(8, Math.floor(heapBytes / 2 ** 20));
  return [
    process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission',
    '--no-addons',
    '--no-warnings',
    '--disallow-code-generation-from-strings',
    `--max-old-space-size=${megabytes}`,
    '--max-semi-space-size=8',
  ];
}

function readable(folders: readonly string[]): string[] {
  return folders.map((folder) => `--allow-fs-read=${folder}*`);
}

function urlInRoot(module: URL): string {
  if (module.protocol !== 'file:') return module.href;
  const inside = pathToFileURL(`/module/${fileURLToPath(module).split('/').at(-1)}`);
  inside.search = module.search;
  return inside.href;
}

function missingTools(...names: string[]): string | undefined {
  if (process.platform !== 'linux') return `namespaces and data limits are Linux's; this is ${process.platform}`;
  const missing = names.filter((name) => tool(name) === undefined);
  return missing.length === 0 ? undefined : `${missing.join(', ')} not found (util-linux, coreutils)`;
}

function tool(name: string): string | undefined {
  return searchPath.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Whether the program ends well; else what it said. */
function outcome([command, ...args]: string[], onOutput?: (text: string) => void): Promise<true | string> {
  return new Promise((fulfil) => {
    const child = spawn(command!, args, {
      env: {},
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 5000,
      killSignal: 'SIGKILL',
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => onOutput?.(chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(0, 500);
    });
    child.on('error', (error) => fulfil(error.message));
    child.on('close', (code, signal) => fulfil(code === 0 || said.trim() || `${command} ended with ${code ?? signal}`));
  });
}
