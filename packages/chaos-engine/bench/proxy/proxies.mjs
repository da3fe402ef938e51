// The processes of a measurement: an upstream, a client, and a proxy, ours or Toxiproxy's server, both driven over their HTTP API.
// What is measured is the proxy's process alone, by the kernel's count of its CPU time.
import { fork, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

/** The program of Toxiproxy's server, if there is one. */
export const toxiproxyProgram = process.env.TENSTRIP_TOXIPROXY;
/** How it is listed where there is none. */
export const absentToxiproxy = {
  name: 'Toxiproxy',
  absent: "TENSTRIP_TOXIPROXY names no program: build Toxiproxy's server, and give its path",
};

const programOf = (name) => fileURLToPath(new URL(name, import.meta.url));

/** A child, and the first message that it sends. */
async function start(name, args = []) {
  const child = fork(programOf(name), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const message = await new Promise((resolve, reject) => {
    child.once('message', resolve).once('exit', (code) => reject(new Error(`${name} ended with ${code}`)));
  });
  return { child, message };
}

/** @returns the upstream's ports, and `ask`, which has the client do a job */
export async function startEnds() {
  const upstream = await start('upstream.child.mjs');
  const client = fork(programOf('client.child.mjs'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const ask = (job) =>
    new Promise((resolve, reject) => {
      client.once('message', ({ result, error }) => (error === undefined ? resolve(result) : reject(new Error(error))));
      client.send(job);
    });
  const stop = () => {
    upstream.child.disconnect();
    client.disconnect();
  };
  return { ports: upstream.message, ask, stop };
}

/** Our server. @param {'timer' | 'exact'} precision */
export async function startOurs(precision = 'timer') {
  const { child, message } = await start('server.child.mjs', [precision]);
  return proxyServer(message.api, child, () => child.disconnect());
}

/** Toxiproxy's. */
export async function startToxiproxy() {
  const port = await freePort();
  const child = spawn(toxiproxyProgram, ['-port', String(port)], { stdio: 'ignore', env: { LOG_LEVEL: 'error' } });
  const api = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 100; tries++) {
    if (
      await fetch(`${api}/version`).then(
        () => true,
        () => false,
      )
    )
      break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return proxyServer(api, child, () => child.kill());
}

function proxyServer(api, child, stop) {
  const post = async (path, body) => {
    const headers = { 'user-agent': 'bench', 'content-type': 'application/json' };
    const answer = await fetch(api + path, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  let names = 0;
  return {
    stop,
    /** A proxy before a port, with toxics. @returns its port */
    async proxy(upstream, toxics = []) {
      const name = `proxy-${names++}`;
      const made = await post('/proxies', { name, listen: '127.0.0.1:0', upstream: `127.0.0.1:${upstream}` });
      for (const toxic of toxics) await post(`/proxies/${name}/toxics`, toxic);
      return Number(made.listen.split(':').at(-1));
    },
    /** CPU time of the process so far, all its threads, in milliseconds. */
    cpuMs() {
      const stat = readFileSync(`/proc/${child.pid}/stat`, 'latin1');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return 10 * (Number(fields[11]) + Number(fields[12])); // ticks of 10 ms
    },
  };
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
