// What the lab knows to be true, beside the logs: who each address was and how many lines each of them left. The counts
// are plain text searches in the logs, so that a reader can check with grep that an actor really acted.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** @import { Stay } from './actor.mjs' */

/**
 * The published scenarios whose thresholds `threshold` speaks of (hub.crowdsec.net, as of 2026): a leaky bucket
 * overflows when more than `capacity` events are in it and loses one every `leakSeconds`.
 */
const THRESHOLDS = {
  'ssh-bf': { capacity: 5, leakSeconds: 10, counts: 'failed logins of one address' },
  'ssh-slow-bf': { capacity: 10, leakSeconds: 60, counts: 'failed logins of one address' },
  'http-probing': { capacity: 10, leakSeconds: 10, counts: 'distinct non-static paths answered by 400, 403 or 404' },
  'http-path-traversal-probing': { capacity: 3, leakSeconds: 10, counts: 'distinct paths that climb out of the root' },
  'http-sqli-probing': { capacity: 10, leakSeconds: 1, counts: 'distinct queries with SQL in them' },
  'http-generic-bf': { capacity: 5, leakSeconds: 10, counts: 'logins answered by 401 or 403' },
};

/**
 * @param {{ lab: string, began: Date, ended: Date, stays: readonly Stay[], versions: Record<string, string> }} run
 */
export async function truthOf({ lab, began, ended, stays, versions }) {
  const auth = await linesByPeer(join(lab, 'log', 'auth.log'), peerOfSshd);
  const access = await linesByPeer(join(lab, 'log', 'access.log'), (line) => line.slice(0, line.indexOf(' ')));
  const actors = stays.map(({ actor, from, to }) => {
    const { address, name, kind, about, attack, scenario, threshold, attempts } = actor;
    const lines = { 'auth.log': auth.get(address) ?? 0, 'access.log': access.get(address) ?? 0 };
    const time = { from: from.toISOString(), to: to.toISOString() };
    return { address, name, kind, about, attack, scenario, threshold, attempts, ...time, lines };
  });
  actors.sort((a, b) => a.from.localeCompare(b.from));
  const recorded = { from: began.toISOString(), to: ended.toISOString(), utcOffsetMinutes: 0 };
  return { recorded, versions, thresholds: THRESHOLDS, actors };
}

/**
 * @param {string} log
 * @param {(line: string) => string | undefined} peerOf
 * @returns {Promise<Map<string, number>>} lines by address
 */
async function linesByPeer(log, peerOf) {
  const counts = new Map();
  for (const line of (await readFile(log, 'latin1')).split('\n')) {
    const peer = peerOf(line);
    if (peer !== undefined) counts.set(peer, (counts.get(peer) ?? 0) + 1);
  }
  return counts;
}

/**
 * The address that sshd names last in a line: what stands before it may have been chosen by the other side.
 * @param {string} line
 */
function peerOfSshd(line) {
  return (/.* (\S+) port \d+/.exec(line) ?? /.* rhost=(\S+)/.exec(line))?.[1];
}
