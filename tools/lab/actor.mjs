// Somebody on the lab's network: an address, what they are, and what they do. The truth is written down here, before
// the run, by what each one sets out to do, and never by what any detector says afterwards.
import { writeFile } from 'node:fs/promises';
import { SERVER } from './network.mjs';
import { pause, run } from './processes.mjs';

/** @import { RunOptions, RunResult } from './processes.mjs' */
/** @import { Site } from './servers.mjs' */

/**
 * @typedef {object} Actor
 * @property {string} name also the name of its network namespace
 * @property {string} address the one address it comes from
 * @property {'legitimate' | 'attacker'} kind
 * @property {string} about one sentence: who, and doing what
 * @property {string} [attack] of an attacker: what it tries, in the field's words
 * @property {'above' | 'below'} [threshold] of an attacker: whether it exceeds the documented threshold
 * @property {string} [scenario] of an attacker: the published scenario whose threshold is meant
 * @property {number} [attempts] of an attacker: how many attempts it sets out to make, where it is a number
 * @property {number} start seconds after the beginning of the record
 * @property {(self: Presence) => Promise<void>} act
 */
/**
 * @typedef {object} Stay
 * @property {Actor} actor
 * @property {Date} from
 * @property {Date} to
 */

/**
 * Lets an actor arrive at its time and act to its end.
 * @param {Actor} actor
 * @param {Site} site
 * @param {(text: string) => void} say
 * @returns {Promise<Stay>}
 */
export async function arrive(actor, site, say) {
  await pause(actor.start);
  const from = new Date();
  say(`${actor.name} (${actor.address}) begins: ${actor.about}`);
  await actor.act(new Presence(actor, site));
  say(`${actor.name} ends`);
  return { actor, from, to: new Date() };
}

/** An actor's hands: it can run programs from its own address, and nothing else. */
export class Presence {
  /** @type {Actor} */ #actor;
  /** @type {Site} */ #site;
  /** The server as this actor sees it, by its own address family. */
  host;
  /** The same for URLs. */
  origin;

  /**
   * @param {Actor} actor
   * @param {Site} site
   */
  constructor(actor, site) {
    this.#actor = actor;
    this.#site = site;
    const six = actor.address.includes(':');
    this.host = six ? SERVER.v6 : SERVER.v4;
    this.origin = six ? `http://[${SERVER.v6}]` : `http://${SERVER.v4}`;
  }

  /** @param {number} seconds */
  pause(seconds) {
    return pause(seconds);
  }

  /**
   * Runs a program inside the actor's network namespace.
   * @param {readonly string[]} command
   * @param {RunOptions} [options]
   * @returns {Promise<RunResult>}
   */
  run(command, options) {
    return run(['ip', 'netns', 'exec', this.#actor.name, ...command], options);
  }

  /**
   * One `ssh` with a password typed once; the exit code tells whether it was right.
   * @param {string} user
   * @param {string} password
   * @param {string} [command]
   */
  sshPassword(user, password, command = 'true') {
    const onlyPassword = ['-o', 'PubkeyAuthentication=no', '-o', 'NumberOfPasswordPrompts=1'];
    return this.run(['sshpass', '-p', password, 'ssh', ...SSH, ...onlyPassword, '-l', user, this.host, command]);
  }

  /**
   * One `ssh` with the account's own key.
   * @param {string} user
   * @param {string} command
   */
  sshKey(user, command) {
    return this.run(['ssh', ...SSH, ...this.#identity(user), '-l', user, this.host, command]);
  }

  /**
   * Copies a small file to the account's home.
   * @param {string} user
   * @param {string} name
   */
  async scp(user, name) {
    const file = `/run/lab/work/${this.#actor.name}-${name}`;
    await writeFile(file, `${name}\n`);
    const host = this.host.includes(':') ? `[${this.host}]` : this.host;
    return this.run(['scp', ...SSH, ...this.#identity(user), file, `${user}@${host}:${name}`]);
  }

  /**
   * One `curl` with any number of requests over one connection.
   * @param {readonly string[]} paths
   * @param {{ agent: string, referer?: string, options?: readonly string[] }} browser
   */
  curl(paths, browser) {
    const referer = browser.referer === undefined ? [] : ['--referer', browser.referer];
    const quiet = ['--silent', '--max-time', '20', '--path-as-is', '--globoff', '--user-agent', browser.agent];
    const targets = paths.flatMap((path) => ['--output', '/dev/null', `${this.origin}${path}`]);
    return this.run(['curl', ...quiet, ...referer, ...(browser.options ?? []), ...targets]);
  }

  /**
   * Writes a word list for a tool and gives its path.
   * @param {string} name
   * @param {readonly string[]} words
   */
  async list(name, words) {
    const path = `/run/lab/work/${this.#actor.name}-${name}.txt`;
    await writeFile(path, `${words.join('\n')}\n`);
    return path;
  }

  /** @param {string} user */
  #identity(user) {
    return ['-o', 'IdentitiesOnly=yes', '-o', 'PasswordAuthentication=no', '-i', this.#site.keyOf(user)];
  }
}

/** Options of every ssh client in the lab: nothing of the caller's own configuration, no host keys kept. */
const SSH = [
  ...['-F', 'none', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR'],
  ...['-o', 'ConnectTimeout=10'],
];
