// A log's folder in memory: the same files by the same names, in a map. For tests, and for engines in a sandbox.
import type { LogFile, LogFolder } from './log-folder.js';

/** A {@link LogFolder} in memory. */
export class MemoryFolder implements LogFolder {
  readonly path = 'memory:';
  readonly #files = new Map<string, MemoryFile>();

  async names(directory: string): Promise<string[]> {
    const inside = [...this.#files.keys()].filter((name) => name.startsWith(`${directory}/`));
    return [...new Set(inside.map((name) => name.slice(directory.length + 1).split('/')[0]!))].sort();
  }

  async makePrivate(): Promise<void> {}

  async open(name: string): Promise<LogFile> {
    const file = this.#files.get(name);
    if (file === undefined)
      throw Object.assign(new Error(`ENOENT: no file '${name}' in memory`), { code: 'ENOENT', syscall: 'open' });
    return file;
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    return this.readNow(name);
  }

  readNow(name: string): Uint8Array | undefined {
    return this.#files.get(name)?.bytes.slice();
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    this.#files.set(name, new MemoryFile(bytes));
  }

  async replace(name: string, bytes: Uint8Array): Promise<void> {
    await this.write(name, bytes);
  }

  async sync(): Promise<void> {}

  async remove(name: string): Promise<void> {
    for (const file of [...this.#files.keys()]) {
      if (file === name || file.startsWith(`${name}/`)) this.#files.delete(file);
    }
  }
}

class MemoryFile implements LogFile {
  #buffer: Uint8Array;
  #size: number;

  constructor(bytes: Uint8Array) {
    this.#buffer = bytes.slice();
    this.#size = bytes.length;
  }

  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#size);
  }

  async size(): Promise<number> {
    return this.#size;
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    const found = this.bytes.subarray(position, position + target.length);
    target.set(found);
    return found.length;
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    const end = position + bytes.length;
    if (end > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(end, 2 * this.#buffer.length));
      grown.set(this.bytes);
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, position);
    this.#size = Math.max(this.#size, end);
  }

  async sync(): Promise<void> {}

  async truncate(size: number): Promise<void> {
    this.#buffer.fill(0, size, this.#size);
    this.#size = size;
  }

  async close(): Promise<void> {}
}
