// Debian's own crowdsec-firewall-bouncer, unmodified, in a network namespace, against a ledger in another process.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requireRoot, requireTool } from '../../../../../tools/test-requirements.mjs';
import { NetworkNamespace } from '../enforcement/network-namespace.js';

const needed = [requireTool('crowdsec-firewall-bouncer'), requireTool('nft'), requireTool('ip'), requireRoot()];
const child = fileURLToPath(new URL('serve.child.mjs', import.meta.url));
const apiKey = '0123456789abcdef0123456789abcdef';
const hour = 3_600_000;

describe.skipIf(!needed.every(({ available }) => available))('an unmodified firewall bouncer', () => {
  let folder: string;
  let namespace: NetworkNamespace;
  const started: ChildProcess[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bouncer-'));
    namespace = new NetworkNamespace();
  });
  afterEach(async () => {
    for (const process of started.splice(0)) await ended(process);
    namespace[Symbol.dispose]();
    rmSync(folder, { recursive: true });
  });

  function inNamespace(program: string, ...args: string[]): ChildProcess {
    const process = spawn('ip', ['netns', 'exec', namespace.name, program, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    started.push(process);
    return process;
  }

  /** The ledger's side: says a line, waits for the answer. */
  async function startServer() {
    const server = inNamespace(process.execPath, child, join(folder, 'ledger'), apiKey);
    const lines = createInterface(server.stdout!)[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('listening');
    const tell = async (line: string) => {
      server.stdin!.write(`${line}\n`);
      return String((await lines.next()).value);
    };
    return { tell, kill: () => ended(server) };
  }

  function startBouncer() {
    const config = join(folder, 'bouncer.yaml');
    writeFileSync(config, configuration(folder));
    const bouncer = inNamespace('crowdsec-firewall-bouncer', '-c', config);
    bouncer.stdout!.resume();
    bouncer.stderr!.resume();
    return { kill: () => ended(bouncer) };
  }

  const blocked = (table = 'crowdsec') => Object.keys(namespace.elements(table) ?? {}).sort();
  const becomes = (expected: string[], table?: string) =>
    expect.poll(() => blocked(table), { timeout: 15_000, interval: 100, message: log() }).toEqual(expected);
  const log = () => {
    try {
      return readFileSync(join(folder, 'crowdsec-firewall-bouncer.log'), 'utf8').slice(-500);
    } catch {
      return '';
    }
  };

  it('takes add, extension, expiry and revocation, and a restart of either side', { timeout: 90_000 }, async () => {
    let server = await startServer();
    const first = await server.tell(`add 203.0.113.5 ${hour}`);
    let bouncer = startBouncer();
    await becomes(['203.0.113.5']);

    await server.tell(`add 203.0.113.6 ${hour}`);
    await server.tell(`add 2001:db8::6 ${hour}`);
    await server.tell('add 203.0.113.7 3000');
    await becomes(['2001:db8::6'], 'crowdsec6');
    await becomes(['203.0.113.5', '203.0.113.6', '203.0.113.7']);
    await becomes(['203.0.113.5', '203.0.113.6']);

    await server.tell(`add 203.0.113.6 ${9 * hour}`);
    const timeout = () => namespace.elements('crowdsec')?.['203.0.113.6'];
    await expect.poll(timeout, { timeout: 15_000 }).toBeGreaterThan(8 * 3600);

    await server.tell(`revoke ${first}`);
    await becomes(['203.0.113.6']);

    await server.kill();
    server = await startServer();
    const fourth = await server.tell(`add 203.0.113.8 ${hour}`);
    await becomes(['203.0.113.6', '203.0.113.8']);

    await bouncer.kill();
    await server.tell(`revoke ${fourth}`);
    await server.tell(`add 203.0.113.9 ${hour}`);
    bouncer = startBouncer();
    await becomes(['203.0.113.6', '203.0.113.9']);
  });
});

/** Kills a process and waits for its end. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const end = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await end;
}

/** The package's own configuration with the places and the key of this test. */
function configuration(folder: string): string {
  return `
mode: nftables
pid_dir: ${folder}/
update_frequency: 200ms
daemonize: false
log_mode: file
log_dir: ${folder}/
log_level: info
log_compression: false
api_url: http://127.0.0.1:8080/
api_key: ${apiKey}
disable_ipv6: false
deny_action: DROP
deny_log: false
supported_decisions_types:
  - ban
blacklists_ipv4: crowdsec-blacklists
blacklists_ipv6: crowdsec6-blacklists
nftables:
  ipv4: { enabled: true, set-only: false, table: crowdsec, chain: crowdsec-chain }
  ipv6: { enabled: true, set-only: false, table: crowdsec6, chain: crowdsec6-chain }
prometheus:
  enabled: false
`;
}
