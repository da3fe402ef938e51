// A TPM 2.0 in software (swtpm) and the programs that drive it (tpm2-tools), for whoever needs real evidence of a device: tests, benchmarks
// and the recording of quotes. It listens on two adjacent ports of the loopback interface, and keeps its state in a folder.
import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { run } from './processes.mjs';

/**
 * @typedef {object} QuoteRequest
 * @property {string} key handle of the attestation key
 * @property {string} selection PCRs as tpm2-tools write them: `sha256:0,1+sha384:0`
 * @property {Uint8Array} nonce
 * @property {string} hash of the signature: `sha256`
 * @property {string} [scheme] of the signature, where it is not the default of the key's kind
 */

/**
 * @typedef {object} RecordedQuote
 * @property {Buffer} quoted TPMS_ATTEST
 * @property {Buffer} signature TPMT_SIGNATURE
 * @property {Record<string, string>} pcrs hex by `bank:index`, read by tpm2_pcrread
 * @property {Buffer} toolPcrs the values in the private form that tpm2_checkquote reads
 */

const startUpMs = 10_000;

export class SoftwareTpm {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #server;
  #port = 0;
  #files = 0;

  /** @param {string} folder an empty folder, or one that had a TPM */
  constructor(folder) {
    this.folder = folder;
  }

  /**
   * Makes a TPM, or starts again one that was stopped: to the TPM that is a boot.
   * @param {string} folder
   * @param {{ locality?: 0 | 3 }} [options]
   */
  static async start(folder, options) {
    const tpm = new SoftwareTpm(folder);
    await mkdir(join(folder, 'state'), { recursive: true });
    await tpm.start(options);
    return tpm;
  }

  /**
   * Powers it on.
   * @param {{ locality?: 0 | 3 }} [options] from where it is started: 3 is that of firmware which measures itself
   */
  async start({ locality = 0 } = {}) {
    for (let attempt = 0; ; attempt++) {
      this.#port = await adjacentPorts();
      const port = this.#port;
      const state = join(this.folder, 'state');
      const args = ['socket', '--tpm2', '--tpmstate', `dir=${state}`, '--ctrl', `type=tcp,port=${port + 1}`];
      args.push('--server', `type=tcp,port=${port}`);
      args.push('--flags', locality === 0 ? 'not-need-init,startup-clear' : 'not-need-init');
      const server = spawn('swtpm', args, { stdio: ['ignore', 'ignore', 'ignore'] });
      this.#server = server;
      if (await listens(port + 1, server)) return locality === 0 ? undefined : startUp(port, locality);
      await this.kill();
      if (attempt === 4) throw new Error('swtpm does not listen on two adjacent ports of the loopback interface');
    }
  }

  /** Powers it off in order: its clock stays safe. */
  async stop() {
    await this.tool('tpm2_shutdown', '-c');
    await this.kill();
  }

  /** Cuts its power. */
  async kill() {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    await new Promise((done) => {
      server.once('exit', done);
      server.kill('SIGKILL');
    });
  }

  /**
   * Runs a program of tpm2-tools on it. Without a resource manager what a program loads stays: it is flushed after each.
   * @param {string} program
   * @param {...string} args
   * @returns {Promise<string>} its output
   */
  async tool(program, ...args) {
    const { code, output } = await this.attempt(program, ...args);
    if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${output.trim()}`);
    return output;
  }

  /**
   * The same for a program that may fail.
   * @param {string} program
   * @param {...string} args
   */
  async attempt(program, ...args) {
    const env = { TPM2TOOLS_TCTI: `swtpm:host=127.0.0.1,port=${this.#port}` };
    const result = await run([program, ...args], { cwd: this.folder, env });
    for (const what of ['-t', '-l', '-s']) await run(['tpm2_flushcontext', what], { cwd: this.folder, env });
    return result;
  }

  /** A fresh name of a file in its folder. */
  file(ending = 'bin') {
    this.#files++;
    return join(this.folder, `${this.#files}.${ending}`);
  }

  /**
   * Makes an endorsement key, and keeps it.
   * @param {string} algorithm `rsa`, `ecc` (P-256), `ecc384`
   * @param {string} handle `0x81010001`
   * @returns {Promise<Buffer>} its public area
   */
  async createEndorsementKey(algorithm, handle) {
    await this.tool('tpm2_createek', '-c', handle, '-G', algorithm);
    return this.publicArea(handle);
  }

  /**
   * The public area of a key that it keeps: TPM2B_PUBLIC.
   * @param {string} handle
   * @returns {Promise<Buffer>}
   */
  async publicArea(handle) {
    const file = this.file();
    await this.tool('tpm2_readpublic', '-c', handle, '-f', 'tss', '-o', file);
    return readFile(file);
  }

  /**
   * Makes an attestation key under an endorsement key, and keeps it.
   * @param {{ endorsementKey: string, handle: string, algorithm: string, hash: string, scheme: string }} options handles, and as tpm2_createak names it
   * @returns {Promise<{ publicArea: Buffer, pem: string, name: Buffer }>}
   */
  async createAttestationKey({ endorsementKey, handle, algorithm, hash, scheme }) {
    const [context, publicArea, pem, name] = [this.file('ctx'), this.file(), this.file('pem'), this.file()];
    const kind = ['-G', algorithm, '-g', hash, '-s', scheme];
    await this.tool(
      'tpm2_createak',
      '-C',
      endorsementKey,
      '-c',
      context,
      ...kind,
      '-u',
      publicArea,
      '-f',
      'tss',
      '-n',
      name,
    );
    await this.tool('tpm2_evictcontrol', '-c', context, handle);
    await this.tool('tpm2_readpublic', '-c', handle, '-f', 'pem', '-o', pem);
    return { publicArea: await readFile(publicArea), pem: await readFile(pem, 'utf8'), name: await readFile(name) };
  }

  /**
   * Extends a PCR, in as many banks as digests are given for.
   * @param {number} pcr
   * @param {Readonly<Record<string, string>>} digests hex by bank
   */
  async extend(pcr, digests) {
    const values = Object.entries(digests).map(([bank, digest]) => `${bank}=${digest}`);
    await this.tool('tpm2_pcrextend', `${pcr}:${values.join(',')}`);
  }

  /**
   * Quotes PCRs, and reads them.
   * @param {QuoteRequest} request
   * @returns {Promise<RecordedQuote>}
   */
  async quote({ key, selection, nonce, hash, scheme }) {
    const [message, signature, pcrs] = [this.file(), this.file(), this.file()];
    const args = ['-c', key, '-l', selection, '-q', Buffer.from(nonce).toString('hex'), '-g', hash];
    if (scheme !== undefined) args.push('--scheme', scheme);
    await this.tool('tpm2_quote', ...args, '-m', message, '-s', signature, '-o', pcrs);
    return {
      quoted: await readFile(message),
      signature: await readFile(signature),
      pcrs: await this.pcrs(selection),
      toolPcrs: await readFile(pcrs),
    };
  }

  /**
   * Reads PCRs.
   * @param {string} selection
   */
  async pcrs(selection) {
    /** @type {Record<string, string>} */
    const values = {};
    let bank = '';
    for (const line of (await this.tool('tpm2_pcrread', selection)).split('\n')) {
      bank = /^ {2}(\w+):/.exec(line)?.[1] ?? bank;
      const [, index, value] = /^ {4}(\d+) ?: 0x([0-9A-F]+)/.exec(line) ?? [];
      if (index !== undefined && value !== undefined) values[`${bank}:${index}`] = value.toLowerCase();
    }
    return values;
  }

  /**
   * Opens a credential.
   * @param {{ endorsementKey: string, attestationKey: string, credential: Uint8Array, by?: 'policy' | 'password' }} options handles, a
   *   credential file, and how the endorsement key is used: by its policy as a rule, or by its empty password
   * @returns {Promise<Buffer | undefined>} the secret, when the TPM opens it
   */
  async activateCredential({ endorsementKey, attestationKey, credential, by = 'policy' }) {
    const [blob, secret, session] = [this.file(), this.file(), this.file('ctx')];
    await writeFile(blob, credential);
    const env = { TPM2TOOLS_TCTI: `swtpm:host=127.0.0.1,port=${this.#port}` };
    /** Without flushing: the session lives from one program to the next. @param {string[]} command */
    const step = (command) => run(command, { cwd: this.folder, env });
    const keys = ['-c', attestationKey, '-C', endorsementKey, '-i', blob, '-o', secret];
    if (by === 'policy') {
      // The policy of an EK asks for the authorisation of the endorsement hierarchy.
      await step(['tpm2_startauthsession', '--policy-session', '-S', session]);
      await step(['tpm2_policysecret', '-S', session, '-c', 'e']);
      keys.push('-P', `session:${session}`);
    }
    const { code } = await step(['tpm2_activatecredential', ...keys]);
    if (by === 'policy') await step(['tpm2_flushcontext', session]);
    return code === 0 ? readFile(secret) : undefined;
  }
}

/** Whether the server comes to listen. @param {number} port @param {import('node:child_process').ChildProcess} server */
async function listens(port, server) {
  let hasFailed = false;
  server.once('error', () => {
    hasFailed = true;
  });
  const end = performance.now() + startUpMs;
  while (!hasFailed && server.exitCode === null && performance.now() < end) {
    const isThere = await connects(port);
    await new Promise((done) => setTimeout(done, 20));
    // The port may be that of another server, which took it first: then this one has ended by now.
    if (isThere && server.exitCode === null) return true;
  }
  return false;
}

/** @param {number} port */
function connects(port) {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}

/**
 * TPM2_Startup(CLEAR) from a locality, which no program of tpm2-tools does.
 * @param {number} port
 * @param {number} locality
 */
async function startUp(port, locality) {
  const data = connect(port, '127.0.0.1');
  const control = connect(port + 1, '127.0.0.1');
  try {
    const setLocality = await answerOf(control, Buffer.from([0, 0, 0, 5, locality]));
    const started = await answerOf(data, Buffer.from('80010000000c000001440000', 'hex'));
    if (setLocality.readUInt32BE() !== 0 || started.readUInt32BE(6) !== 0) {
      throw new Error(`swtpm does not start up from locality ${locality}: ${started.toString('hex')}`);
    }
  } finally {
    control.destroy();
    data.destroy();
  }
}

/**
 * @param {import('node:net').Socket} socket
 * @param {Buffer} command
 * @returns {Promise<Buffer>}
 */
function answerOf(socket, command) {
  return new Promise((done, fail) => {
    socket.once('error', fail);
    socket.once('data', done);
    socket.write(command);
  });
}

/** A free port whose next one is free too. */
async function adjacentPorts() {
  for (;;) {
    const first = await listenOn(0);
    const port = /** @type {import('node:net').AddressInfo} */ (first.address()).port;
    const second = await listenOn(port + 1).catch(() => undefined);
    await closed(first);
    if (second === undefined) continue;
    await closed(second);
    return port;
  }
}

/**
 * @param {number} port
 * @returns {Promise<import('node:net').Server>}
 */
function listenOn(port) {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(port, '127.0.0.1', () => done(server));
  });
}

/** @param {import('node:net').Server} server */
function closed(server) {
  return new Promise((done) => server.close(done));
}
