#!/usr/bin/env node
// Records real server logs under real attacks: OpenSSH and nginx on a network of its own, visitors and attackers from
// Debian's packages, and the truth about each address beside the logs. Needs root on Debian; takes about eight minutes.
// Everything lives in private namespaces (network, mounts, processes, host name): nothing outside is touched or reached.
import { spawn } from 'node:child_process';
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { arrive } from './actor.mjs';
import { attackers } from './attackers.mjs';
import { buildNetwork } from './network.mjs';
import { privateHost } from './private-host.mjs';
import { missingPrograms, programVersions } from './programs.mjs';
import { startServers } from './servers.mjs';
import { truthOf } from './truth.mjs';
import { visitors } from './visitors.mjs';

/** Where the record lives inside the private mount namespace; a tmpfs that ends with it. */
const LAB = '/run/lab';

const { values: options } = parseArgs({
  options: {
    out: { type: 'string' },
    inside: { type: 'boolean' },
    only: { type: 'string' },
    help: { type: 'boolean' },
  },
});
const out = resolve(options.out ?? fileURLToPath(new URL('record/', import.meta.url)));

if (options.help) {
  process.stdout.write('usage: node tools/lab/record.mjs [--out <folder>] [--only <name,name…>]\n');
} else if (options.inside) {
  await record();
} else {
  process.exitCode = await enterNamespaces();
}

/**
 * Starts this program again inside its own namespaces. When either of the two dies, everything inside dies.
 * @returns {Promise<number>} its exit code
 */
async function enterNamespaces() {
  if (process.getuid?.() !== 0) {
    process.stderr.write('The lab makes network namespaces, which needs root. Run it as root on Debian.\n');
    return 1;
  }
  const missing = await missingPrograms();
  if (missing.length > 0) {
    process.stderr.write(`Missing: install with\n  apt-get install --no-install-recommends ${missing.join(' ')}\n`);
    return 1;
  }
  await mkdir(out, { recursive: true });
  const namespaces = ['--mount', '--net', '--pid', '--uts', '--ipc', '--fork', '--kill-child', '--mount-proc'];
  const self = [process.execPath, fileURLToPath(import.meta.url), '--inside', '--out', out];
  const only = options.only === undefined ? [] : ['--only', options.only];
  const child = spawn('unshare', [...namespaces, ...self, ...only], { stdio: 'inherit' });
  return new Promise((done) => child.once('exit', (code) => done(code ?? 1)));
}

/** The recipe: a host, a network, servers, everybody at once, and then what the servers wrote. */
async function record() {
  const chosen = options.only?.split(',');
  const actors = [...visitors, ...attackers].filter((actor) => chosen?.includes(actor.name) ?? true);
  await privateHost(LAB);
  await buildNetwork(actors);
  const site = await startServers(LAB);
  const began = new Date();
  const stays = await Promise.all(actors.map((actor) => arrive(actor, site, say)));
  const ended = new Date();
  await site.stop();
  for (const log of await readdir(join(LAB, 'log'))) await copyFile(join(LAB, 'log', log), join(out, log));
  const truth = await truthOf({ lab: LAB, began, ended, stays, versions: await programVersions() });
  await writeFile(join(out, 'truth.json'), `${JSON.stringify(truth, undefined, 2)}\n`);
  say(`recorded ${actors.length} actors in ${Math.round((ended.getTime() - began.getTime()) / 1000)} s into ${out}`);
  const silent = truth.actors.filter(({ lines }) => lines['auth.log'] + lines['access.log'] === 0);
  if (silent.length > 0) say(`left no line in any log, so did not act: ${silent.map(({ name }) => name).join(', ')}`);
  process.exit(silent.length === 0 ? 0 : 1);
}

/** @param {string} text */
function say(text) {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)}  ${text}\n`);
}
