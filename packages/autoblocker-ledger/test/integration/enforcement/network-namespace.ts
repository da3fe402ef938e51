// A network namespace of a test's own, so that no ruleset outside of it is ever touched.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';

/** Makes one with its loopback up; disposing removes it. */
export class NetworkNamespace implements Disposable {
  readonly name = `tenstrip-${randomBytes(4).toString('hex')}`;

  constructor() {
    execFileSync('ip', ['netns', 'add', this.name]);
    this.run('ip', 'link', 'set', 'lo', 'up');
  }

  /** Runs a program inside, and gives what it printed. */
  run(program: string, ...args: string[]): string {
    return execFileSync('ip', ['netns', 'exec', this.name, program, ...args], { encoding: 'utf8', stdio: 'pipe' });
  }

  /** Elements of all sets of a table, `address/length` or bare, with their timeouts in whole seconds; `undefined`: no table. */
  elements(table: string): Record<string, number> | undefined {
    const { nftables } = JSON.parse(this.run('nft', '-j', 'list', 'ruleset')) as { nftables: NftObject[] };
    if (!nftables.some((object) => object.table?.name === table)) return undefined;
    const found: Record<string, number> = {};
    for (const { set } of nftables) {
      if (set?.table !== table) continue;
      for (const { elem } of set.elem ?? []) {
        const length = /^v[46]_(\d+)$/.exec(set.name)?.[1];
        found[length === undefined ? String(elem.val) : `${elem.val}/${length}`] = elem.timeout;
      }
    }
    return found;
  }

  [Symbol.dispose](): void {
    execFileSync('ip', ['netns', 'del', this.name]);
  }
}

interface NftObject {
  readonly table?: { readonly name: string };
  readonly set?: {
    readonly name: string;
    readonly table: string;
    readonly elem?: readonly { readonly elem: { readonly val: string; readonly timeout: number } }[];
  };
}
