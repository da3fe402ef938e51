// What plugin code may ask the outside world for, as names, grants and handles. Deny by default: what a policy does
// not grant is not there.

/** The six things outside the process that code can ask for; there are no others. */
export type Capability = 'fs.read' | 'fs.write' | 'net' | 'process' | 'native' | 'env';

/** All capabilities, in the order in which they are shown. */
export const capabilities: readonly Capability[] = ['fs.read', 'fs.write', 'net', 'process', 'native', 'env'];

/**
 * What is granted: `true` for all of a capability, or a list of folders (`fs.read`, `fs.write`), `host:port` pairs
 * (`net`), programs (`process`), module names (`native`), variable names (`env`).
 */
export type Grants = { readonly [C in Capability]?: true | readonly string[] };

/** Under which grants, and behind which border, the code of a governor runs. */
export interface SandboxPolicy {
  grants: Grants;
  /** Where untrusted plugin code runs. Default `'none'`: in this process, trusted. */
  isolate?: 'none' | 'worker' | 'process';
}

/** What `use(capability)` gives. Every check happens in the handle; a path is resolved through links before it is compared. */
export interface CapabilityHandles {
  'fs.read': FileReading;
  'fs.write': FileWriting;
  net: Networking;
  process: ProgramRunning;
  native: NativeLoading;
  env: Readonly<Record<string, string>>;
}

/** Reading below the granted folders. */
export interface FileReading {
  /** The real path, for a library that opens files itself. */
  resolve(path: string): Promise<string>;
  /** The whole file; one larger than `maxBytes` (default 2 GiB - 1) is refused. */
  read(path: string, options?: { maxBytes?: number }): Promise<Uint8Array>;
  /** Names in a folder, sorted. */
  list(path: string): Promise<string[]>;
}

/** Writing below the granted folders. */
export interface FileWriting {
  /** The real path, for a library that opens files itself; the last part need not exist yet. */
  resolve(path: string): Promise<string>;
  /** Writes a whole file; one that is there is replaced. */
  write(path: string, data: Uint8Array | string): Promise<void>;
  /** Removes a file, a link itself, or an empty folder; never a granted folder. */
  remove(path: string): Promise<void>;
}

/** Connections to the granted `host:port` pairs. */
export interface Networking {
  /** Resolves when a connection to `host:port` is granted; for a library that connects itself. */
  allow(host: string, port: number): Promise<void>;
  /** As the global `fetch`; redirects are followed only to granted places. */
  fetch(url: string, init?: RequestInit): Promise<Response>;
}

/** What {@link ProgramRunning.run} takes besides the program's arguments. */
export interface RunOptions {
  /** Given to standard input. Default: nothing. */
  input?: Uint8Array;
  /** The program is killed after this time. Default 30,000 ms. */
  deadlineMs?: number;
  /** Standard output and error together; the program is killed when it writes more. Default 64 MiB. */
  maxOutputBytes?: number;
  /** The program is killed when it aborts. */
  signal?: AbortSignal;
}

/** Running the granted programs: no shell, an empty environment, an own process group that ends with the program. */
export interface ProgramRunning {
  /** Runs `program` to its end; kills it when it takes or prints too much. */
  run(
    program: string,
    args: readonly string[],
    options?: RunOptions,
  ): Promise<{ code: number; stdout: Uint8Array; stderr: Uint8Array }>;
}

/** Loading the granted addons or FFI libraries. */
export interface NativeLoading {
  /** What the addon or library exports. */
  load(specifier: string): Promise<unknown>;
}
