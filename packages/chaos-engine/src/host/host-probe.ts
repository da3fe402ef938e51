// What this host can do. Whether the kernel has a feature is tried in a network namespace of its own, which ends with the
// program that tried; nothing is written on the host.

import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { FaultCapability, FaultKind } from '../faults/index.js';
import { runProgram } from '../lease/index.js';

/** What works on this host, and what is missing. */
export interface HostProbe {
  readonly platform: string;
  readonly kernel: string;
  /** Linux capabilities that matter here. */
  readonly privileges: Readonly<Record<'netAdmin' | 'sysAdmin' | 'kill', boolean>>;
  /** Programs by name. */
  readonly programs: Readonly<Record<'nft' | 'nsenter' | 'tc' | 'ip' | 'strace' | 'faketime' | 'python3', boolean>>;
  /** Features of the kernel: `true`, or what it said. */
  readonly kernelFeatures: Readonly<Record<'nftables' | 'netem' | 'tun', true | string>>;
  /** Controllers of control groups, by version. */
  readonly controlGroups: { readonly v1: readonly string[]; readonly v2: readonly string[] };
  /** Each kind of fault: whether it can be injected, and what is missing. */
  readonly faults: Readonly<Record<FaultKind, FaultCapability>>;
}

/** Tries what works on this host. */
export async function probeHost(): Promise<HostProbe> {
  const privileges = readPrivileges();
  const program = (name: string): boolean => isInstalled(name);
  const programs = {
    nft: program('nft'),
    nsenter: program('nsenter'),
    tc: program('tc'),
    ip: program('ip'),
    strace: program('strace'),
    faketime: program('faketime'),
    python3: program('python3'),
  };
  const [nftables, netem] = await Promise.all([
    tried(['nft', '-f', '-'], 'table inet tenstrip_probe { set s { type ipv4_addr; flags interval, timeout; }; }\n'),
    tried(['tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'netem', 'delay', '1ms']),
  ]);
  const kernelFeatures = { nftables, netem, tun: readable('/dev/net/tun') };
  const found = { privileges, programs, kernelFeatures };
  return {
    platform: process.platform,
    kernel: textOf('/proc/sys/kernel/osrelease').trim(),
    ...found,
    controlGroups: {
      v1: foldersOf('/sys/fs/cgroup').filter(
        (name) => name !== 'unified' && textOf(`/sys/fs/cgroup/${name}/tasks`) !== '',
      ),
      v2: `${textOf('/sys/fs/cgroup/cgroup.controllers')} ${textOf('/sys/fs/cgroup/unified/cgroup.controllers')}`
        .split(/\s+/)
        .filter((name) => name !== ''),
    },
    faults: capabilitiesOf(found),
  };
}

function capabilitiesOf({
  privileges,
  programs,
  kernelFeatures,
}: Pick<HostProbe, 'privileges' | 'programs' | 'kernelFeatures'>): Record<FaultKind, FaultCapability> {
  const linux = process.platform === 'linux' ? [] : ['Linux'];
  const partition = [...linux];
  if (!programs.nft) partition.push('the program nft (Debian: nftables)');
  if (!programs.nsenter) partition.push('the program nsenter (Debian: util-linux)');
  if (!privileges.netAdmin || !privileges.sysAdmin) partition.push('CAP_NET_ADMIN and CAP_SYS_ADMIN');
  if (partition.length === 0 && kernelFeatures.nftables !== true) {
    partition.push(`nftables in the kernel ("${kernelFeatures.nftables}")`);
  }
  const netem = kernelFeatures.netem === true ? 'present' : `"${kernelFeatures.netem}"`;
  const tun = kernelFeatures.tun === true ? 'present' : 'missing';
  return {
    'process.kill': capability(linux),
    'process.pause': capability(linux),
    'network.partition': capability(partition),
    'network.link': capability([
      `a backend for sch_netem (kernel: ${netem}) or /dev/net/tun (${tun}), which this surface does not have; a proxy (dependency.toxic) delays and narrows TCP`,
    ]),
    'dependency.toxic': capability([]),
    'cpu.burn': capability(linux),
    'memory.fill': capability(linux),
    'clock.skew': capability(['a clock that is set when a process starts, which this surface does not do']),
  };
}

function capability(missing: readonly string[]): FaultCapability {
  return missing.length === 0 ? { supported: true } : { supported: false, missing: missing.join(', ') };
}

/** Runs a program in a new network namespace; `true`, or the first line of what it said. */
async function tried(command: readonly string[], input = ''): Promise<true | string> {
  try {
    await runProgram(['unshare', '--net', ...command], input);
    return true;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
  }
}

/** Bits of the effective capabilities, capabilities(7). */
function readPrivileges(): HostProbe['privileges'] {
  const line = /^CapEff:\s*([0-9a-f]+)$/m.exec(textOf('/proc/self/status'))?.[1] ?? '0';
  const bits = BigInt(`0x${line}`);
  const has = (bit: bigint): boolean => ((bits >> bit) & 1n) === 1n;
  return { netAdmin: has(12n), sysAdmin: has(21n), kill: has(5n) };
}

function isInstalled(name: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  return folders.some((folder) => folder !== '' && readable(join(folder, name), constants.X_OK) === true);
}

function readable(path: string, mode: number = constants.R_OK): true | string {
  try {
    accessSync(path, mode);
    return true;
  } catch (error) {
    return (error as Error).message;
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function foldersOf(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  } catch {
    return [];
  }
}
