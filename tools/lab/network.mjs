// One bridge, one namespace for the server and one for each actor, all on addresses kept for documentation
// (RFC 5737, RFC 3849). There is no route out: the bridge hangs in the lab's own network namespace.
import { must } from './processes.mjs';

/** @import { Actor } from './actor.mjs' */

/** Addresses of the server. */
export const SERVER = { v4: '192.0.2.10', v6: '2001:db8:10::10' };
const NETWORKS = ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24'];

/** @param {readonly Actor[]} actors */
export async function buildNetwork(actors) {
  await must(['ip', 'link', 'set', 'lo', 'up']);
  await must(['ip', 'link', 'add', 'lab', 'type', 'bridge']);
  await must(['ip', 'link', 'set', 'lab', 'up']);
  await attach('server', [SERVER.v4, SERVER.v6], 0);
  let port = 1;
  for (const actor of actors) await attach(actor.name, [actor.address], port++);
}

/**
 * @param {string} namespace
 * @param {readonly string[]} addresses
 * @param {number} port
 */
async function attach(namespace, addresses, port) {
  const inside = ['ip', 'netns', 'exec', namespace];
  await must(['ip', 'netns', 'add', namespace]);
  await must(['ip', 'link', 'add', `port${port}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace]);
  await must(['ip', 'link', 'set', `port${port}`, 'master', 'lab', 'up']);
  await must([...inside, 'ip', 'link', 'set', 'lo', 'up']);
  await must([...inside, 'ip', 'link', 'set', 'eth0', 'up']);
  for (const address of addresses) {
    const length = address.includes(':') ? 128 : 32;
    const settings = address.includes(':') ? ['nodad'] : [];
    await must([...inside, 'ip', 'address', 'add', `${address}/${length}`, 'dev', 'eth0', ...settings]);
  }
  for (const network of NETWORKS) await must([...inside, 'ip', 'route', 'add', network, 'dev', 'eth0']);
  await must([...inside, 'ip', '-6', 'route', 'add', '2001:db8::/32', 'dev', 'eth0']);
}
