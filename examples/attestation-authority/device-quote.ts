// A device with a TPM, end to end: its attestation key is enrolled, its boot is quoted and appraised, its state is attested and verified; an
// old answer and a changed boot are refused. The TPM is a real one in software (swtpm), driven as on the device, by tpm2-tools.
//   npx ts-node examples/attestation-authority/device-quote.ts

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AttestationAuthority,
  AttestationVerifier,
  type CredentialChallenge,
  DeviceVerifier,
  deviceStateOf,
  deviceStateType,
  printCredentialFile,
  type QuoteEvidence,
} from '@tenstrip/attestation-authority';

async function main(): Promise<void> {
  if (!isInstalled('swtpm') || !isInstalled('tpm2_quote')) {
    console.log('This example needs a TPM in software: sudo apt-get install -y swtpm tpm2-tools');
    return;
  }
  const device = await Device.powerOn();
  try {
    await attest(device);
  } finally {
    await device.powerOff();
  }
}

async function attest(device: Device): Promise<void> {
  device.boot({ firmware: 'firmware 4.2', kernel: 'vmlinuz-6.1' });

  // The verifier knows what a good boot is, from those who built it, and never from the device.
  const pcrOf = (what: string) => sha256(Buffer.concat([Buffer.alloc(32), sha256(Buffer.from(what))])).toString('hex');
  const pcrs = { 'sha256:0': [pcrOf('firmware 4.2')], 'sha256:4': [pcrOf('vmlinuz-6.1')] };
  const verifier = new DeviceVerifier({ policies: [{ name: 'web servers', pcrs }] });

  // Enrolment, once: only the TPM that has both keys can open the credential. Give `endorsementRoots` and the TPM's certificate to know
  // as well who made it.
  const { attestationKey, endorsementKey } = device.publicAreas();
  const challenge = verifier.makeCredentialChallenge({ attestationKey, endorsementKey });
  if (!challenge.ok) throw new Error(challenge.detail);
  const enrolled = verifier.confirm(attestationKey, device.open(challenge));
  console.log(enrolled.ok ? 'enrolled: the attestation key is in the TPM with this endorsement key' : enrolled.code);

  // Appraisal, as often as wanted.
  const ask = () => {
    const { nonce } = verifier.challenge('web-17');
    const evidence = device.quote(nonce);
    return { device: 'web-17', policy: 'web servers', attestationKey, nonce, evidence };
  };
  const answer = ask();
  const verdict = verifier.appraise(answer);
  if (!verdict.ok) throw new Error(`${verdict.code}: ${verdict.detail}`);
  console.log(`appraised: good by the policy "${verdict.policy}", ${Object.keys(verdict.pcrs).length} PCRs`);

  // The result is a statement like any other: logged, and verified by whoever trusts the authority.
  const authority = await AttestationAuthority.open({ folder: 'memory:', origin: 'devices.example' });
  const attestation = await authority.issue({
    subject: [{ name: 'device:web-17', digest: { sha256: verdict.keyFingerprint } }],
    predicateType: deviceStateType,
    predicate: deviceStateOf(verdict),
    validity: { notAfter: new Date(Date.now() + 300_000) },
    revocable: false, // it lives for five minutes
  });
  const relyingParty = new AttestationVerifier({ roots: [authority.trustRoot()], status: { missing: 'accept' } });
  const believed = relyingParty.verify(attestation, { time: Date.now(), expect: { predicateType: deviceStateType } });
  console.log(believed.ok ? `attested: believed by ${believed.by}, entry ${believed.logIndex}` : believed.code);
  await authority.close();

  const codeOf = (given: typeof answer) => {
    const found = verifier.appraise({ ...given, previous: verdict.counters });
    return found.ok ? 'accepted' : found.code;
  };
  console.log(`the same answer again: ${codeOf(answer)}`);
  console.log(`an old quote for a new challenge: ${codeOf({ ...ask(), evidence: answer.evidence })}`);
  device.boot({ firmware: '', kernel: 'a kernel that nobody built' });
  console.log(`after something else was started: ${codeOf(ask())}`);
}

/** What runs on the device. */
class Device {
  readonly #folder: string;
  readonly #tpm: ChildProcess;
  readonly #port: number;

  private constructor(folder: string, tpm: ChildProcess, port: number) {
    this.#folder = folder;
    this.#tpm = tpm;
    this.#port = port;
  }

  static async powerOn(): Promise<Device> {
    const folder = mkdtempSync(join(tmpdir(), 'tenstrip-device-'));
    const port = await adjacentPorts();
    const ports = ['--server', `type=tcp,port=${port}`, '--ctrl', `type=tcp,port=${port + 1}`];
    const flags = ['--flags', 'not-need-init,startup-clear'];
    const tpm = spawn('swtpm', ['socket', '--tpm2', '--tpmstate', `dir=${folder}`, ...ports, ...flags]);
    const device = new Device(folder, tpm, port);
    for (let attempt = 0; attempt < 500 && tpm.exitCode === null; attempt++) {
      if (await connects(port + 1)) {
        device.#createKeys();
        return device;
      }
      await new Promise((done) => setTimeout(done, 20));
    }
    await device.powerOff();
    throw new Error(`swtpm does not listen on the ports ${port} and ${port + 1} of the loopback interface`);
  }

  powerOff(): Promise<void> {
    return new Promise((done) => {
      const end = () => {
        rmSync(this.#folder, { recursive: true, force: true });
        done();
      };
      if (this.#tpm.exitCode !== null || this.#tpm.signalCode !== null) return end();
      this.#tpm.once('exit', end);
      this.#tpm.kill();
    });
  }

  /** Each stage measures the next before it starts it: firmware into PCR 0, the kernel into PCR 4. */
  boot({ firmware, kernel }: { firmware: string; kernel: string }): void {
    const extend = (pcr: number, what: string) => {
      this.#tool('tpm2_pcrextend', `${pcr}:sha256=${sha256(Buffer.from(what)).toString('hex')}`);
    };
    if (firmware !== '') extend(0, firmware);
    extend(4, kernel);
  }

  publicAreas(): { attestationKey: Buffer; endorsementKey: Buffer } {
    return { attestationKey: this.#read('ak.pub'), endorsementKey: this.#read('ek.pub') };
  }

  /** TPM2_ActivateCredential; the policy of an endorsement key asks for the authorisation of its hierarchy. */
  open(challenge: CredentialChallenge): Buffer {
    writeFileSync(join(this.#folder, 'credential'), printCredentialFile(challenge));
    this.#program('tpm2_startauthsession', '--policy-session', '-S', 'session');
    this.#program('tpm2_policysecret', '-S', 'session', '-c', 'e');
    const keys = ['-c', 'ak.ctx', '-C', 'ek.ctx', '-P', 'session:session'];
    this.#program('tpm2_activatecredential', ...keys, '-i', 'credential', '-o', 'secret');
    this.#program('tpm2_flushcontext', 'session');
    this.#flush();
    return this.#read('secret');
  }

  quote(nonce: Uint8Array): QuoteEvidence {
    const what = ['-c', 'ak.ctx', '-l', 'sha256:0,4', '-g', 'sha256', '-q', Buffer.from(nonce).toString('hex')];
    this.#tool('tpm2_quote', ...what, '-m', 'quoted', '-s', 'signature');
    const lines = this.#tool('tpm2_pcrread', 'sha256:0,4').matchAll(/(\d+) *: 0x([0-9A-F]{64})/g);
    const pcrs = Object.fromEntries([...lines].map(([, index, value]) => [`sha256:${index}`, value!.toLowerCase()]));
    return { quoted: this.#read('quoted'), signature: this.#read('signature'), pcrs };
  }

  #createKeys(): void {
    this.#tool('tpm2_createek', '-c', 'ek.ctx', '-G', 'rsa', '-u', 'ek.pub');
    const kind = ['-G', 'ecc', '-g', 'sha256', '-s', 'ecdsa'];
    this.#tool('tpm2_createak', '-C', 'ek.ctx', '-c', 'ak.ctx', ...kind, '-u', 'ak.pub', '-f', 'tss', '-n', 'ak.name');
  }

  #tool(program: string, ...args: string[]): string {
    const output = this.#program(program, ...args);
    this.#flush();
    return output;
  }

  /** swtpm has no resource manager: what a program loads stays in the TPM, which has few places. */
  #flush(): void {
    this.#program('tpm2_flushcontext', '-t');
  }

  #program(program: string, ...args: string[]): string {
    const env = { PATH: process.env.PATH, TPM2TOOLS_TCTI: `swtpm:host=127.0.0.1,port=${this.#port}` };
    return execFileSync(program, args, { cwd: this.#folder, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }

  #read(file: string): Buffer {
    return readFileSync(join(this.#folder, file));
  }
}

function sha256(data: Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}

function isInstalled(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A free port of the loopback interface whose next one is free too, as tpm2-tools expect them. */
async function adjacentPorts(): Promise<number> {
  const first = createServer();
  const port = await new Promise<number>((done) => {
    first.listen(0, '127.0.0.1', () => done((first.address() as { port: number }).port));
  });
  const second = createServer();
  const isFree = await new Promise<boolean>((done) => {
    second.once('error', () => done(false));
    second.listen(port + 1, '127.0.0.1', () => done(true));
  });
  await new Promise((done) => first.close(done));
  if (isFree) await new Promise((done) => second.close(done));
  return isFree ? port : adjacentPorts();
}

function connects(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => done(true));
    socket.once('error', () => done(false));
    socket.once('connect', () => socket.destroy());
  });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
