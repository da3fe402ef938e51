// The authority: issues, renews and revokes attestations. Issuing is logging: what it returns is durable, and under a signed
// checkpoint of its log. Cost: some 10 us CPU an attestation, one sync and one signature a commit of up to 4,096.
import { join } from 'node:path';
import { LogWriter, type OperationContext, type ResourceGovernor, ungoverned } from '@tenstrip/shared-core';
import { type Signer, sha256 } from '@tenstrip/shared-core/crypto';
import { type CoreErrorCode, isTenstripError, TenstripError } from '@tenstrip/shared-core/errors';
import { makeFolder } from '@tenstrip/shared-core/files';
import { parseVerifierKey } from '@tenstrip/shared-core/transparency';
import {
  attestLine,
  type RevocationReason,
  readLogLine,
  revocationReasons,
  revokeLine,
  statusNumberOf,
} from '../attestation-log/index.js';
import { type AttestationErrorCode, checked } from '../errors/index.js';
import {
  type Attestation,
  type ChainLink,
  type DsseEnvelope,
  type DsseSignature,
  decodeSignedPayload,
  digestOf,
  encodeBase64,
  encodeSignedPayload,
  fits,
  type InTotoStatement,
  keyRotationType,
  knownPredicates,
  maximumJsonBytes,
  type PredicateSchemas,
  preAuthenticationEncoding,
  printStatement,
  type SignedPayload,
  statementPayloadType,
  statementType,
  statusListType,
  type Terms,
  unprintable,
  unprintableSubjects,
  writeSignedPayload,
  writeStatement,
} from '../statement/index.js';
import { encodeBitstring, setStatusBit, statusListBits } from '../status/index.js';
import { keyIdOf, maximumKeys, rotateRoot, type TrustedKey, type TrustRoot } from '../trust/index.js';
import { type Acceptance, AttestationVerifier } from '../verification/index.js';
import {
  type AttestationRequest,
  type AuthorityOptions,
  type IssuanceMode,
  isSigner,
  optionsSchema,
  readRequest,
  signerShape,
} from './authority-options.js';
import { BatchIssuer, closed } from './batch-issuer.js';
import { DraftStore, type Drafts } from './draft-store.js';
import type { KeyFolder } from './key-folder.js';
import { CurrentSigner, freshSigner, openSigningKey, vkeyOf, wipe } from './signing-key.js';
import { StatusLedger } from './status-ledger.js';

/** What calls take besides what they work on. */
export interface IssuanceOptions {
  /** The operation that the call is part of. Default: one of the authority's governor. */
  readonly context?: OperationContext;
}

/** That an attestation is revoked. */
export interface RevocationReceipt {
  /** The entry that revoked it; `undefined` when an earlier one had. */
  readonly index: bigint | undefined;
  /** The status list version that says so. */
  readonly statusList: Attestation;
}

/** That another key signs from here on. */
export interface KeyRotationReceipt {
  /** The statement, signed by both keys. */
  readonly attestation: Attestation;
  /** The root as it is to be trusted now. */
  readonly root: TrustRoot;
}

interface Parts {
  readonly origin: string;
  readonly statusName: string;
  readonly governor: ResourceGovernor;
  readonly log: LogWriter;
  readonly signer: CurrentSigner;
  /** Whether the present key was given by the caller, who keeps it. */
  keyIsGiven: boolean;
  readonly keyFolder: KeyFolder | undefined;
  readonly status: StatusLedger;
  readonly predicates: PredicateSchemas;
  readonly chain: readonly ChainLink[];
  readonly previousKeys: readonly TrustedKey[];
  readonly maxWaiting: number;
}

const requestsPerCheckpoint = 128;
/** While others are on their way to the disk, drafting a long batch lets them go on after so many requests. */
const requestsPerTurn = 512;
/** RFC 3339 has years of four digits. */
const lastMoment = Date.UTC(9999, 11, 31);

/** Issues attestations into its own log. One process at a time has it open. */
export class AttestationAuthority implements AsyncDisposable {
  /** Its name, and its log's. */
  readonly origin: string;
  readonly #parts: Parts;
  readonly #issuer: BatchIssuer;
  readonly #drafts = new DraftStore();
  #keys: readonly TrustedKey[];
  #lastTime = { ms: Number.NaN, text: '' };
  #lastList = { number: -1, name: '' };
  /** Changes of status lists and keys, one after the other: a version must hold all revocations before it. */
  #changing: Promise<unknown> = Promise.resolve();
  /** What is being logged and signed: the key is needed until it is done. */
  readonly #issuing = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;

  private constructor(parts: Parts) {
    this.origin = parts.origin;
    this.#parts = parts;
    this.#issuer = new BatchIssuer(parts.log, parts.maxWaiting);
    const fromSize = parts.previousKeys.reduce((size, { untilSize = 0n }) => (untilSize > size ? untilSize : size), 0n);
    const current = { vkey: vkeyOf(parts.origin, parts.signer.publicKey), ...(fromSize === 0n ? {} : { fromSize }) };
    this.#keys = [...parts.previousKeys, current];
  }

  /**
   * Opens an authority, or makes it. Reads all entries of its log once.
   * @throws TenstripError `OptionsInvalid`, `SigningKeyInvalid`, `EntryInvalid`, and shared-core's `KeyInvalid`, `LogLocked`,
   * `LogCorrupt`, `CheckpointFork`, `LogUnavailable`, `CapabilityDenied`.
   */
  static async open(options: AuthorityOptions): Promise<AttestationAuthority> {
    const given = checked(optionsSchema, options, 'what an authority can be opened with');
    const governor = given.governor ?? ungoverned;
    const folder = await grantedFolder(given.folder, governor);
    const entropy = (length: number) => governor.entropy(length);
    const key = await openSigningKey({ folder, signer: given.signer, passphrase: given.passphrase, entropy });
    const signer = new CurrentSigner(key.signer);
    const keyFolder = key.folder;
    // A rotation that a kill interrupted when the key was replaced already.
    if (keyFolder?.pending?.to === vkeyOf(given.origin, signer.publicKey)) await keyFolder.complete();
    const previousKeys = () => (given.previousKeys.length > 0 ? given.previousKeys : (keyFolder?.previous ?? []));
    const log = await LogWriter.open({
      folder: folder === memoryFolder ? folder : join(folder, 'log'),
      origin: given.origin,
      signer,
      durability: given.durability,
      resources: governor,
      maxWaiting: Math.max(given.maxWaiting, 4096),
      rotateKey: previousKeys().length > 0,
    });
    try {
      if (keyFolder?.pending !== undefined) await endRotation(keyFolder, log, signer);
      return new AttestationAuthority({
        origin: given.origin,
        statusName: given.statusName ?? `https://${given.origin}/status`,
        governor,
        log,
        signer,
        keyIsGiven: key.isGiven,
        keyFolder,
        status: await readStatusLedger(log, entropy),
        predicates: new Map([...knownPredicates, ...given.predicates]),
        chain: given.chain,
        previousKeys: previousKeys(),
        maxWaiting: given.maxWaiting,
      });
    } catch (error) {
      await log[Symbol.asyncDispose]();
      if (!key.isGiven) wipe(signer.present);
      throw error;
    }
  }

  /** Its public key as a C2SP vkey. */
  get vkey(): string {
    return this.#keys[this.#keys.length - 1]!.vkey;
  }

  /** How many entries its log has. */
  get size(): bigint {
    return this.#parts.log.reader.size;
  }

  /** The newest signed checkpoint of its log. */
  get checkpoint(): string {
    return this.#parts.log.reader.checkpoint;
  }

  /** This authority as a root of trust for everything; narrow it by what is given. */
  trustRoot(scope: Omit<Partial<TrustRoot>, 'keys'> = {}): TrustRoot {
    return { name: this.origin, ...scope, keys: this.#keys };
  }

  /**
   * Issues an attestation; resolves when it is durable and under a signed checkpoint.
   * @throws TenstripError `RequestInvalid`; `AuthorityClosed`; shared-core's `QueueFull`, `LogUnavailable` (retryable): then it is
   * not issued.
   */
  async issue(request: AttestationRequest, options: IssuanceOptions = {}): Promise<Attestation> {
    const [attestation] = await this.issueBatch([request], options);
    return attestation!;
  }

  /**
   * Issues attestations in order, with few promises. Nothing is issued when one of the requests is wrong. The texts of a long batch share
   * memory: who keeps one and drops the others keeps some 170 KB with it, unless it is printed and parsed.
   * @throws as `issue`
   */
  async issueBatch(requests: readonly AttestationRequest[], options: IssuanceOptions = {}): Promise<Attestation[]> {
    if (this.#closed !== undefined) throw closed();
    const context = contextOf(options);
    if (!Array.isArray(requests))
      throw requestInvalid('The requests are no array. Give one, or use issue for a single one.');
    const drafts = this.#drafts.begin();
    const takesTurns = requests.length > requestsPerTurn; // small ones of the same turn come into the same commit
    try {
      for (let at = 0; at < requests.length; at++) {
        if (context !== undefined && at % requestsPerCheckpoint === 0) await context.checkpoint();
        if (takesTurns && at % requestsPerTurn === 0 && this.#issuing.size > 0) await turnOfEventLoop();
        this.#draft(drafts, requests[at]!);
      }
    } catch (error) {
      for (const number of drafts.statusNumbers()) this.#parts.status.giveBack(number);
      throw error;
    }
    return this.#log(drafts);
  }

  /**
   * Issues the same statement again, valid from now until `notAfter`, in a new place of a status list, linked to the old one.
   * @throws TenstripError `NotIssuedHere`; `RequestInvalid` when it is revoked; and as `issue`
   */
  async renew(attestation: Attestation, notAfter: Date, options: IssuanceOptions = {}): Promise<Attestation> {
    const { statement } = this.#own(attestation);
    const { subject, predicateType, predicate, tenstrip_terms: terms } = statement;
    const status = statusNumberOf(terms?.status);
    if (status !== undefined && this.#parts.status.isRevoked(status)) {
      throw requestInvalid('The attestation is revoked. Issue a new one, if its subject may have one.');
    }
    await contextOf(options)?.checkpoint();
    const mode = modeOf(attestation);
    const renews = `sha256:${digestOf(decodeSignedPayload(attestation.envelope.payload)!)}`;
    const drafts = this.#drafts.begin();
    this.#draft(
      drafts,
      { subject, predicateType, predicate, validity: { notAfter }, mode, revocable: status !== undefined },
      { renews },
    );
    const [renewed] = await this.#log(drafts);
    return renewed!;
  }

  /**
   * Revokes an attestation of this authority, for good: an entry of the log, and a new version of its status list.
   * @throws TenstripError `NotIssuedHere`; `RequestInvalid` when it has no place in a status list; and as `issue`
   */
  revoke(attestation: Attestation, reason: RevocationReason = 'unspecified'): Promise<RevocationReceipt> {
    if (!revocationReasons.includes(reason)) {
      return Promise.reject(
        requestInvalid(`The reason is ${String(reason)}; expected one of ${revocationReasons.join(', ')}.`),
      );
    }
    return this.#change(async () => {
      const number = statusNumberOf(this.#own(attestation).statement.tenstrip_terms?.status);
      if (number === undefined) {
        throw requestInvalid('The attestation has no place in a status list: it was issued as not revocable.');
      }
      const { status } = this.#parts;
      const list = Math.floor(number / statusListBits);
      if (status.isRevoked(number)) return { index: undefined, statusList: (await this.#publish([list]))[0]! };
      const bits = status.bits(list).slice();
      setStatusBit(bits, number % statusListBits);
      const drafts = this.#drafts.begin();
      this.#statusDraft(drafts, list, bits);
      const { first, proofs } = await this.#issuer.append([lineOf(revokeLine(number, reason)), ...drafts.lines(0, 1)]);
      status.recordRevoked(number);
      const [statusList] = await this.#finish(drafts, 0, proofs.slice(1));
      return { index: first, statusList: statusList! };
    });
  }

  /** A fresh version of every status list: what verifiers need at least once in their `maxAgeMs`. @throws as `issue` */
  publishStatus(): Promise<Attestation[]> {
    return this.#change(() => this.#publish(Array.from({ length: this.#parts.status.lists }, (_, list) => list)));
  }

  /**
   * Hands the log over to another key: a statement signed by both is the last entry under the old one; verifiers follow it with
   * {@link followKeyRotation}. Without `next` the authority makes the key itself, and keeps it where it keeps its present one. With
   * `next`, give that signer, and the old key as one of `previousKeys`, when you open the authority again.
   * @throws TenstripError `RequestInvalid` when `next` is missing and the present key was given, or is the present one, or the
   * authority keeps its own key file, or has had 64 keys; shared-core's `KeyInvalid` or `FileUnwritable` when its next key cannot be
   * written; and as `issue`
   */
  rotateKey(next?: Signer): Promise<KeyRotationReceipt> {
    return this.#change(async () => {
      const { keyFolder, keyIsGiven } = this.#parts;
      if (next !== undefined && !isSigner(next)) throw requestInvalid(`The next key is not ${signerShape}.`);
      if (next === undefined && keyIsGiven) {
        throw requestInvalid('The key of this authority was given to it. Give the next signer too.');
      }
      if (next !== undefined && keyFolder !== undefined) {
        throw requestInvalid('The authority keeps its own key file, and makes the next key itself. Give none.');
      }
      if (this.#keys.length >= maximumKeys) {
        throw requestInvalid(
          `The authority has had ${maximumKeys} keys, the most that a root may have. Open another one.`,
        );
      }
      if (next?.publicKey !== undefined && vkeyOf(this.origin, next.publicKey) === this.vkey) {
        throw requestInvalid('The next key is the present one.');
      }
      // Nothing else is appended between: what is issued meanwhile waits behind this change of the whole authority.
      await this.#issuer.pause();
      try {
        return await this.#rotate(next);
      } finally {
        this.#issuer.resume();
      }
    });
  }

  /** The attestation with a proof under the newest checkpoint, for instance after its key was compromised. @throws `NotIssuedHere` */
  async reprove(attestation: Attestation): Promise<Attestation> {
    const { logIndex } = this.#own(attestation);
    if (logIndex === undefined) throw notIssuedHere('it carries no proof, which says where in the log it is');
    return { ...attestation, proof: await this.#parts.log.reader.tlogProof(logIndex) };
  }

  /** The proof that an entry is in the log: C2SP tlog-proof. @throws RangeError when there is no such entry */
  proveInclusion(index: bigint): Promise<string> {
    return this.#parts.log.reader.tlogProof(index);
  }

  /** The proof that the log of `to` entries extends that of `from`: hashes of 32 bytes. @throws RangeError unless from <= to <= size */
  proveConsistency(from: bigint, to: bigint): Promise<Uint8Array[]> {
    return this.#parts.log.reader.proveConsistency(from, to);
  }

  /** Every problem of the log's files, by entry; none means that every byte is what was signed. */
  async audit(options: IssuanceOptions = {}): Promise<{ readonly index: bigint; readonly message: string }[]> {
    const context = contextOf(options);
    const problems: { index: bigint; message: string }[] = [];
    for await (const { index, problem } of this.#parts.log.reader.verify()) {
      context?.throwIfStopped();
      problems.push({ index, message: problem.message });
      if (problems.length === maximumProblems) break;
    }
    return problems;
  }

  /** Waits for what is under way and closes the log. Closing twice is closing. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Waits for what is being issued, and closes the log. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // ----------------------------------------------------------------------------------------------------------- issuing

  /** Adds a statement, and its line. */
  #draft(drafts: Drafts, given: AttestationRequest, terms: Pick<Terms, 'renews'> = {}): void {
    const request = readRequest(given);
    const { subject, predicateType, predicate, validity, mode = 'transparent', revocable = true } = request;
    this.#checkRequest(request);
    const number = revocable ? this.#parts.status.allocate() : undefined;
    const tenstrip_terms = this.#termsOf(validity, number, terms.renews);
    try {
      const statement = { _type: statementType, subject, predicateType, predicate, tenstrip_terms } as const;
      this.#seal(drafts, statement, number, mode);
    } catch (error) {
      if (number !== undefined) this.#parts.status.giveBack(number);
      throw error;
    }
  }

  #termsOf(
    { notBefore, notAfter }: AttestationRequest['validity'],
    number: number | undefined,
    renews?: string,
  ): Terms {
    const end = this.#timeText(notAfter);
    // As most are, in one piece: an object that gets its members one by one has a class that goes with the last such object.
    if (number !== undefined && notBefore === undefined && renews === undefined) {
      return { notAfter: end, status: this.#placeOf(number) };
    }
    return {
      ...(notBefore === undefined ? {} : { notBefore: notBefore.toISOString() }),
      notAfter: end,
      ...(number === undefined ? {} : { status: this.#placeOf(number) }),
      ...(renews === undefined ? {} : { renews }),
    };
  }

  /** Requests of a batch end at the same time as a rule. */
  #timeText(time: Date): string {
    const ms = time.getTime();
    if (ms !== this.#lastTime.ms) this.#lastTime = { ms, text: time.toISOString() };
    return this.#lastTime.text;
  }

  #checkRequest({ predicateType, predicate, validity }: AttestationRequest): void {
    if (predicateType === statusListType || predicateType === keyRotationType) {
      throw requestInvalid(
        `Statements of type ${predicateType} change what others mean: publishStatus, revoke and rotateKey make them.`,
      );
    }
    const schema = this.#parts.predicates.get(predicateType);
    if (schema !== undefined && !fits(schema, predicate)) {
      checked(schema, predicate, `a predicate of type ${predicateType}`, 'RequestInvalid');
    }
    const now = this.#parts.governor.clock.now();
    const { notBefore, notAfter } = validity;
    const begin = notBefore?.getTime() ?? now;
    if (notAfter.getTime() <= now || notAfter.getTime() <= begin || notAfter.getTime() > lastMoment) {
      throw requestInvalid(
        `It would be valid until ${notAfter.toISOString()}; expected a time after now and notBefore, before the year 10000.`,
      );
    }
  }

  #seal(drafts: Drafts, statement: InTotoStatement, status: number | undefined, mode: IssuanceMode): void {
    const payload = payloadOf(statement);
    drafts.add(payload, digestOf(payload), mode, status);
  }

  async #sign(message: Uint8Array): Promise<DsseSignature> {
    const keyid = keyIdOfVkey(this.vkey);
    return { keyid, sig: encodeBase64(await this.#parts.signer.sign(message)) };
  }

  /** Logs drafts, and signs them where that is asked for. */
  async #log(drafts: Drafts): Promise<Attestation[]> {
    const done = this.#logInParts(drafts);
    this.#issuing.add(done);
    try {
      return await done;
    } finally {
      this.#issuing.delete(done);
    }
  }

  /** In order. While the disk is at work for some, the next ones are on their way. */
  async #logInParts(drafts: Drafts): Promise<Attestation[]> {
    const isAhead = this.#parts.maxWaiting >= 2 * linesPerAppend;
    const parts: Promise<Attestation[]>[] = [];
    for (let from = 0; from < drafts.count; from += linesPerAppend) {
      const part = this.#logPart(drafts, from);
      part.catch(() => {}); // it is awaited below, or one before it has failed
      parts.push(part);
      await parts.at(isAhead ? -2 : -1);
    }
    const attestations = await Promise.all(parts);
    return attestations.length === 1 ? attestations[0]! : attestations.flat();
  }

  async #logPart(drafts: Drafts, from: number): Promise<Attestation[]> {
    const to = Math.min(from + linesPerAppend, drafts.count);
    const { proofs } = await this.#issuer.append(drafts.lines(from, to));
    return this.#finish(drafts, from, proofs);
  }

  /**
   * What is given out. Signed when it is logged and not before: so there is no signature over what is in no log, and none by a key
   * that was replaced before the entry, which no verifier would believe.
   */
  async #finish(drafts: Drafts, from: number, proofs: readonly string[]): Promise<Attestation[]> {
    const texts = drafts.texts(from, from + proofs.length);
    const attestations: Attestation[] = [];
    for (let at = 0; at < proofs.length; at++) {
      const mode = drafts.modeOf(from + at);
      const payload = texts[at]!;
      const proof = proofs[at]!;
      if (mode === 'transparent') attestations.push(this.#vouchedFor(payload, proof));
      else
        attestations.push(
          await this.#signed(drafts.payloadOf(from + at), payload, mode === 'both' ? proof : undefined),
        );
    }
    return attestations;
  }

  /** By the log. */
  #vouchedFor(payload: string, proof: string): Attestation {
    return this.#withChain({
      envelope: { payload, payloadType: statementPayloadType, signatures: unsigned },
      proof,
    });
  }

  /** By a signature of its own. */
  async #signed(payload: Uint8Array, text: string, proof: string | undefined): Promise<Attestation> {
    const signatures = [await this.#sign(preAuthenticationEncoding(statementPayloadType, payload))];
    const envelope: DsseEnvelope = { payload: text, payloadType: statementPayloadType, signatures };
    return this.#withChain(proof === undefined ? { envelope } : { envelope, proof });
  }

  #withChain(attestation: Attestation): Attestation {
    const { chain } = this.#parts;
    return chain.length === 0 ? attestation : { ...attestation, chain };
  }

  async #rotate(given: Signer | undefined): Promise<KeyRotationReceipt> {
    const { signer, log, keyFolder, governor } = this.#parts;
    const seed = given === undefined ? Uint8Array.from(governor.entropy(32)) : undefined;
    const next = given ?? freshSigner(Uint8Array.from(seed!));
    const [from, to] = [this.vkey, vkeyOf(this.origin, next.publicKey)];
    const atSize = log.reader.size + 1n;
    const root = rotateRoot(this.trustRoot(), from, to, atSize);
    const payload = payloadOf({
      _type: statementType,
      subject: [{ name: this.origin, digest: { sha256: hexOf(sha256(next.publicKey)) } }],
      predicateType: keyRotationType,
      predicate: { from, to, atSize: String(atSize) },
    });
    const digest = digestOf(payload);
    const { text } = payload;
    const message = Uint8Array.from(payload.signed);
    const signatures = [
      { keyid: keyIdOfVkey(from), sig: encodeBase64(await signer.sign(message)) },
      { keyid: keyIdOfVkey(to), sig: encodeBase64(await next.sign(message)) },
    ];
    if (seed !== undefined) await keyFolder?.begin({ from, to, atSize, digest }, seed);
    seed?.fill(0);
    const [proof] = (await this.#issuer.appendNow([lineOf(attestLine(digest, undefined))])).proofs;
    try {
      await keyFolder?.complete();
    } catch (error) {
      this.#issuer.fail(error); // the old key may sign no more, and the new one is not in its place: that is for the next opening
      throw error;
    }
    const old = signer.present;
    signer.exchange(next);
    if (!this.#parts.keyIsGiven) wipe(old);
    this.#parts.keyIsGiven = given !== undefined;
    this.#keys = root.keys;
    const envelope = { payload: text, payloadType: statementPayloadType, signatures };
    return { attestation: { envelope, proof: proof! }, root };
  }

  // ------------------------------------------------------------------------------------------------------------ status

  async #publish(lists: readonly number[]): Promise<Attestation[]> {
    const drafts = this.#drafts.begin();
    for (const list of lists) this.#statusDraft(drafts, list, this.#parts.status.bits(list));
    return this.#log(drafts);
  }

  #statusDraft(drafts: Drafts, list: number, bits: Uint8Array): void {
    // Versions grow, over restarts too: each one is an entry behind that size of the log, and what was not logged has used up none.
    const version = Number(this.size) + 1;
    const id = `${this.#parts.statusName}/${list}`;
    const now = new Date(this.#parts.governor.clock.now());
    this.#seal(
      drafts,
      {
        _type: statementType,
        subject: [{ name: id, digest: { sha256: hexOf(sha256(bits)) } }],
        predicateType: statusListType,
        predicate: {
          id,
          type: 'BitstringStatusList',
          statusPurpose: 'revocation',
          encodedList: encodeBitstring(bits),
          validFrom: now.toISOString(),
          version,
        },
      },
      undefined,
      'transparent',
    );
  }

  #placeOf(number: number): NonNullable<Terms['status']> {
    const list = Math.floor(number / statusListBits);
    if (list !== this.#lastList.number) this.#lastList = { number: list, name: `${this.#parts.statusName}/${list}` };
    return { list: this.#lastList.name, index: number % statusListBits };
  }

  // ----------------------------------------------------------------------------------------------------------- own work

  /** An attestation that this authority issued, whenever it was valid and whichever of its keys vouched. */
  #own(attestation: Attestation): Acceptance {
    const keys = this.#keys.map(({ vkey }) => ({ vkey }));
    const verifier = new AttestationVerifier(
      { roots: [{ name: this.origin, keys }], status: { stale: 'accept', missing: 'accept' } },
      { predicates: this.#parts.predicates, maxCheckpoints: 1, maxTiles: 16 },
    );
    const { chain: _, ...own } = { ...attestation }; // whatever it is
    const verdict = verifier.verifyAtAnyTime(own);
    if (verdict.ok) return verdict;
    throw notIssuedHere(`${verdict.code}, ${verdict.detail}`);
  }

  #change<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed !== undefined) return Promise.reject(closed());
    const done = this.#changing.then(work);
    this.#changing = done.catch(() => {});
    return done;
  }

  async #close(): Promise<void> {
    await this.#changing;
    await this.#issuer.close();
    await Promise.allSettled(this.#issuing);
    await this.#parts.log[Symbol.asyncDispose]();
    if (!this.#parts.keyIsGiven) wipe(this.#parts.signer.present);
  }
}

/** Of what its log vouches for. Frozen, as it is shared. */
const unsigned: readonly DsseSignature[] = Object.freeze([]);

const memoryFolder = 'memory:';
const linesPerAppend = 4096;
const maximumProblems = 1000;

async function grantedFolder(folder: string, governor: ResourceGovernor): Promise<string> {
  if (folder === memoryFolder) return folder;
  const access = governor.use('fs.write');
  try {
    const granted = await access.resolve(folder);
    await makeFolder(granted);
    return granted;
  } catch (cause) {
    if (isTenstripError(cause)) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TenstripError<CoreErrorCode>(
      'LogUnavailable',
      `The authority's folder ${JSON.stringify(folder)} cannot be made: ${why}. Give a folder that can.`,
      { cause, details: { folder } },
    );
  }
}

/** Ends a rotation that a kill interrupted before the key was replaced: the log says whether its statement came into it. */
async function endRotation(keys: KeyFolder, log: LogWriter, signer: CurrentSigner): Promise<void> {
  const { atSize, digest } = keys.pending!;
  if (log.reader.size >= atSize) {
    for await (const { entry } of log.reader.entries(atSize - 1n, atSize)) {
      const line = readLogLine(entry);
      if (line?.kind !== 'attest' || line.digest !== digest) continue;
      const old = signer.present;
      await keys.complete();
      signer.exchange(await keys.signer());
      wipe(old);
      return;
    }
  }
  await keys.drop();
}

async function readStatusLedger(log: LogWriter, entropy: (length: number) => Uint8Array): Promise<StatusLedger> {
  const ledger = new StatusLedger(entropy);
  const { reader } = log;
  let index = reader.minimumIndex;
  if (index > 0n) {
    throw new TenstripError<AttestationErrorCode>(
      'EntryInvalid',
      `The log was pruned: its first ${index} entries are gone, and with them what they revoked. Restore them from a copy.`,
      { details: { index: 0n } },
    );
  }
  for await (const { entry } of reader.entries(index, reader.size)) {
    const line = readLogLine(entry);
    if (line === undefined || (line.status ?? 0) >= (ledger.lists + 1) * statusListBits) {
      throw new TenstripError<AttestationErrorCode>(
        'EntryInvalid',
        `Entry ${index} is none of an attestation authority's. Open the log with the program that wrote it.`,
        { details: { index } },
      );
    }
    if (line.kind === 'revoke') ledger.recordRevoked(line.status);
    else if (line.status !== undefined) ledger.recordTaken(line.status);
    index++;
  }
  return ledger;
}

/** What a statement is as a payload: good until the next one is made. */
function payloadOf(statement: InTotoStatement): SignedPayload {
  const plain = writeSignedPayload(statement, writeStatement); // nothing that is written so is unprintable
  if (plain !== undefined) return plain;
  const problem = unprintable(statement.predicate);
  if (problem !== undefined) throw requestInvalid(`The predicate ${problem}. Verifiers would refuse it.`);
  const other = unprintableSubjects(statement.subject);
  if (other !== undefined) throw requestInvalid(`A subject ${other}. Verifiers would refuse it.`);
  const payload = encodeSignedPayload(printed(statement));
  if (payload !== undefined) return payload;
  throw requestInvalid(`The statement is longer than ${maximumJsonBytes} bytes. Attest the digest of what is large.`);
}

function printed(statement: InTotoStatement): string[] {
  try {
    return printStatement(statement);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TenstripError<AttestationErrorCode>(
      'RequestInvalid',
      `The statement cannot be printed as JSON: ${why}. Make subject and predicate of plain values.`,
      { cause },
    );
  }
}

function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The operation that a call is part of. @throws TenstripError `OptionsInvalid` */
function contextOf(options: IssuanceOptions): OperationContext | undefined {
  const { context } = Object(options) as IssuanceOptions;
  if (options !== null && typeof options === 'object') {
    if (context === undefined || typeof Object(context).checkpoint === 'function') return context;
  }
  throw new TenstripError<AttestationErrorCode>(
    'OptionsInvalid',
    'The options of this call are not { context } with an OperationContext. Leave them out, or give the context of your operation.',
  );
}

function keyIdOfVkey(vkey: string): string {
  return keyIdOf(parseVerifierKey(vkey, sha256)!);
}

/** A line as bytes. */
function lineOf(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function modeOf({ envelope, proof }: Attestation): IssuanceMode {
  if (envelope.signatures.length === 0) return 'transparent';
  return proof === undefined ? 'signature' : 'both';
}

function requestInvalid(message: string): TenstripError<AttestationErrorCode> {
  return new TenstripError('RequestInvalid', message);
}

function notIssuedHere(why: string): TenstripError<AttestationErrorCode> {
  return new TenstripError(
    'NotIssuedHere',
    `This authority did not issue the attestation: ${why}. Give it to the one that did.`,
  );
}
