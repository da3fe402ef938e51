// CrowdSec as a peer: the program of Debian's package, in a folder of its own, with the rules of that package. Nothing of the
// machine's own CrowdSec is read but its patterns and rules, nothing leaves the machine, no service is started.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const hub = '/usr/share/crowdsec/hub';
const patterns = '/etc/crowdsec/patterns';
/** The rules of sshd: what reads syslog and sshd, the date, and four leaky buckets. */
const rules = [
  ['parsers/s00-raw', 'syslog-logs.yaml'],
  ['parsers/s01-parse', 'sshd-logs.yaml'],
  ['parsers/s02-enrich', 'dateparse-enrich.yaml'],
  ['scenarios', 'ssh-bf.yaml'],
  ['scenarios', 'ssh-slow-bf.yaml'],
];
const machine = { machine_id: 'bench', password: 'a password for the benchmark only' };
/** It is taken to be done when it used no CPU time for so long. It should end by itself and sometimes does not. */
const quietMs = 5000;

/** Why there is no CrowdSec here; `undefined` when there is. */
export const crowdsecAbsent =
  process.platform === 'linux' && [hub, patterns].every((path) => existsSync(path)) && versionOf() !== undefined
    ? undefined
    : "needs Debian's package: apt-get install crowdsec (its own set-up asks the internet: see the package's notes)";

/** CrowdSec's version, if it is there; it says it on stderr. */
export function versionOf() {
  const { stdout, stderr } = spawnSync('crowdsec', ['-version'], { encoding: 'utf8' });
  return /version: v?([\d.]+)/.exec(`${stdout}${stderr}`)?.[1];
}

/** CPU time of a running process in milliseconds, user and system, to the tick of 10 ms (proc(5)). */
export function processCpuMs(pid) {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) * 10;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/**
 * Runs a program to its end. What it says goes into a file.
 *
 * @param {number} [stopWhenQuietMs] it is ended when it used no CPU time for so long
 * @returns {Promise<number>} its CPU time in milliseconds, all of its life, as its parent's shell counts it (wait4(2))
 */
export async function timedCpuMs(program, arguments_, said, stopWhenQuietMs = Number.POSITIVE_INFINITY) {
  const script = 'TIMEFORMAT="%U %S"; said=$1; shift; time "$@" >"$said" 2>&1';
  const shell = spawn('bash', ['-c', script, 'bash', said, program, ...arguments_], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let times = '';
  shell.stderr.setEncoding('utf8').on('data', (text) => {
    times += text;
  });
  const ended = new Promise((resolve, reject) => shell.once('error', reject).once('close', resolve));
  let running = true;
  void ended.then(() => {
    running = false;
  });
  for (let [last, since] = [0, performance.now()]; running; ) {
    await Promise.race([ended, sleep(500)]);
    const pid = running ? childOf(shell.pid) : undefined;
    if (pid === undefined) continue;
    const used = cpuOrUndefined(pid) ?? last;
    if (used !== last) [last, since] = [used, performance.now()];
    else if (performance.now() - since > stopWhenQuietMs) killQuietly(pid);
  }
  const [user, system] = times.trim().split('\n').at(-1).split(' ').map(Number);
  if (!(user + system > 0)) throw new Error(`${program} did not run: ${readFileSync(said, 'utf8').slice(-1000)}`);
  return (user + system) * 1000;
}

/** A folder with a CrowdSec of its own. */
export class Crowdsec {
  /** The rules as files, for the other side to compile. */
  rulesFolder;
  port;
  #folder;
  #config;

  static async prepare() {
    const made = new Crowdsec();
    made.port = await freePort();
    made.#folder = mkdtempSync(join(tmpdir(), 'tenstrip-bench-crowdsec-'));
    made.rulesFolder = join(made.#folder, 'rules');
    made.#config = join(made.#folder, 'config.yaml');
    made.#writeFolder();
    made.#forget();
    return made;
  }

  /**
   * Reads a log to its end in a process of its own, with nothing known from before.
   *
   * @returns {Promise<number>} its CPU time in milliseconds, start included
   */
  async read(log) {
    this.#forget();
    const said = join(this.#folder, 'crowdsec.log');
    return timedCpuMs('crowdsec', ['-c', this.#config, '-dsn', `file://${log}`, '-type', 'syslog'], said, quietMs);
  }

  /** Runs the local API alone, on what is known. */
  async serve() {
    const server = spawn('crowdsec', ['-c', this.#config, '-no-cs'], { stdio: 'ignore' });
    const ended = new Promise((resolve) => server.once('close', resolve));
    for (let tries = 0; ; tries += 1) {
      if (await this.#call('GET', '/v1/heartbeat').catch(() => undefined)) break;
      if (tries === 100) throw new Error('the local API of crowdsec does not answer');
      await sleep(100);
    }
    const stop = async () => {
      server.kill('SIGKILL');
      await ended;
    };
    return { pid: server.pid, [Symbol.asyncDispose]: stop, stop };
  }

  /** All overflows that the last reading led to, as texts of scenario and source. */
  async overflows() {
    const server = await this.serve();
    try {
      const login = await (await this.#call('POST', '/v1/watchers/login', machine)).json();
      const alerts = await (await this.#call('GET', '/v1/alerts?limit=0', undefined, login.token)).json();
      if (alerts !== null && !Array.isArray(alerts)) throw new Error(JSON.stringify(alerts));
      return (alerts ?? []).map(({ scenario, source }) => `${scenario} ${source.value}`);
    } finally {
      await server.stop();
    }
  }

  /** The key of a bouncer that may ask. */
  addBouncer() {
    return this.#cscli('bouncers', 'add', 'bench', '-o', 'raw').trim();
  }

  /** Blocks addresses for a day; the local API has to run. */
  block(addresses) {
    const file = join(this.#folder, 'blocks.csv');
    const lines = addresses.map((address) => `24h,bench,cscli,ban,Ip,${address}`);
    writeFileSync(file, ['duration,reason,origin,type,scope,value', ...lines, ''].join('\n'));
    this.#cscli('decisions', 'import', '-i', file);
  }

  dispose() {
    rmSync(this.#folder, { recursive: true });
  }

  #call(method, path, body, token) {
    const headers = {
      'user-agent': 'tenstrip-bench/1',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    return fetch(`http://127.0.0.1:${this.port}${path}`, { method, headers, ...content });
  }

  #cscli(...args) {
    return execFileSync('cscli', ['-c', this.#config, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 1 << 28,
    });
  }

  /** An empty database with one machine in it. */
  #forget() {
    const data = join(this.#folder, 'data');
    for (const name of readdirSync(data)) rmSync(join(data, name));
    const credentials = join(this.#folder, 'credentials.yaml');
    const { machine_id, password } = machine;
    const url = `http://127.0.0.1:${this.port}`;
    this.#cscli('machines', 'add', machine_id, '-p', password, '-u', url, '-f', credentials, '--force');
  }

  #writeFolder() {
    const at = (...names) => join(this.#folder, ...names);
    for (const name of ['data', 'hub', 'notifications', 'plugins', 'rules/collections', 'rules/postoverflows'])
      mkdirSync(at(name), { recursive: true });
    for (const [stage, file] of rules) {
      mkdirSync(at('rules', stage), { recursive: true });
      const [kind, ...rest] = stage.split('/');
      cpSync(join(hub, kind, ...rest, 'crowdsecurity', file), at('rules', stage, file));
    }
    cpSync(patterns, at('rules', 'patterns'), { recursive: true });
    writeFileSync(at('hub', '.index.json'), '{"parsers":{},"scenarios":{},"collections":{},"postoverflows":{}}');
    writeFileSync(at('simulation.yaml'), 'simulation: off\n');
    writeFileSync(at('acquis.yaml'), '\n');
    writeFileSync(
      at('profiles.yaml'),
      'name: bench\nfilters: ["Alert.Remediation == true"]\ndecisions: [{ type: ban, duration: 4h }]\non_success: break\n',
    );
    const config = {
      common: { daemonize: false, log_media: 'stdout', log_level: 'warning', working_dir: this.#folder },
      config_paths: {
        config_dir: at('rules'),
        data_dir: at('data'),
        hub_dir: at('hub'),
        index_path: at('hub', '.index.json'),
        notification_dir: at('notifications'),
        plugin_dir: at('plugins'),
        simulation_path: at('simulation.yaml'),
      },
      crowdsec_service: { acquisition_path: at('acquis.yaml'), parser_routines: 1 },
      cscli: { output: 'json' },
      db_config: {
        type: 'sqlite',
        db_path: at('data', 'crowdsec.db'),
        use_wal: true,
        log_level: 'warning',
        flush: { max_items: 1_000_000, max_age: '365d' },
      },
      api: {
        client: { credentials_path: at('credentials.yaml') },
        server: { log_level: 'warning', listen_uri: `127.0.0.1:${this.port}`, profiles_path: at('profiles.yaml') },
      },
      prometheus: { enabled: false },
    };
    // Every JSON text is YAML.
    writeFileSync(this.#config, JSON.stringify(config));
  }
}

function childOf(pid) {
  try {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    return child === '' ? undefined : Number(child);
  } catch {
    return undefined;
  }
}

function cpuOrUndefined(pid) {
  try {
    return processCpuMs(pid);
  } catch {
    return undefined;
  }
}

function killQuietly(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}
