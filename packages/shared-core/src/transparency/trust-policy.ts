// Trust policies: whose signatures make a checkpoint believable. Logs, witnesses, groups of witnesses, and a quorum.
// Source: C2SP tlog-policy (https://c2sp.org/tlog-policy); checking follows C2SP signed-note, "Signatures".
import { type Checkpoint, parseSignedCheckpoint } from './checkpoint.js';
import { verifyCosignature } from './cosignature.js';
import type { Sha256 } from './merkle-tree.js';
import {
  isNoteText,
  isSignatureBy,
  maximumNoteLength,
  parseVerifierKey,
  printVerifierKey,
  SignatureType,
  type SignedNote,
  type VerifierKey,
  type VerifySignature,
  verifyNoteSignature,
} from './signed-note.js';

/** Which logs are believed, and which witnesses must have cosigned. */
export interface TrustPolicy {
  /** Checkpoints of any of these are accepted. */
  readonly logs: readonly TrustedLog[];
  /** Whose cosignatures count. */
  readonly witnesses: readonly Witness[];
  /** Each refers to witnesses and to groups before it. */
  readonly groups: readonly WitnessGroup[];
  /** The name of a witness or group that must have cosigned, or `none`. */
  readonly quorum: string;
}

/** A log. The key's name is the origin of its checkpoints. */
export interface TrustedLog {
  /** Of type `ed25519` or `cosignature`. */
  readonly key: VerifierKey;
  /** Where the log can be reached; the application says how. */
  readonly url?: string;
}

/** A witness. Its name matters within the policy only. */
export interface Witness {
  /** Without blanks, unlike any other name of the policy. */
  readonly name: string;
  /** Of type `cosignature`. */
  readonly key: VerifierKey;
  /** Where the witness takes checkpoints. */
  readonly url?: string;
}

/** A group has cosigned when at least `threshold` of its members have. */
export interface WitnessGroup {
  /** Without blanks, unlike any other name of the policy. */
  readonly name: string;
  /** From 1 to the number of members. */
  readonly threshold: number;
  /** Names of witnesses and groups; a name is a member of one group at most. */
  readonly members: readonly string[];
}

/** What {@link checkCheckpoint} found. */
export type CheckpointVerdict = TrustedCheckpoint | UntrustedCheckpoint;

/** A checkpoint that the policy trusts. */
export interface TrustedCheckpoint {
  /** The verdict. */
  readonly trusted: true;
  /** What it says. */
  readonly checkpoint: Checkpoint;
  /** The policy's witnesses that cosigned, in the policy's order. */
  readonly witnesses: readonly WitnessedBy[];
}

/** A text that the policy does not trust. */
export interface UntrustedCheckpoint {
  /** The verdict. */
  readonly trusted: false;
  /** The first step that failed. */
  readonly reason: CheckpointRefusal;
}

/**
 * Why a checkpoint is not trusted: its text is none; a signature that names a known key is false; no known log signed it
 * under its origin; too few witnesses cosigned.
 */
export type CheckpointRefusal = 'MALFORMED' | 'SIGNATURE_INVALID' | 'UNKNOWN_LOG' | 'QUORUM_MISSING';

/** A witness of the policy that cosigned, and when: seconds since 1970-01-01 UTC. */
export interface WitnessedBy {
  /** Its name in the policy. */
  readonly name: string;
  /** The latest time that it states. */
  readonly timestamp: bigint;
}

/** Most logs, witnesses and groups together that a policy may define. */
const maximumDefinitions = 1024;

// --------------------------------------------------------------------------------------------------------- checking

/**
 * Whether `text` is a checkpoint that `policy` trusts: signed by one of its logs, under that log's origin, and cosigned by
 * its quorum. Every signature that names a known key must be true, else the whole note is refused; unknown keys are
 * ignored. Never throws for what a stranger may send.
 */
export function checkCheckpoint(text: string, policy: TrustPolicy, verify: VerifySignature): CheckpointVerdict {
  const signed = parseSignedCheckpoint(text);
  if (signed === undefined) return { trusted: false, reason: 'MALFORMED' };
  const { checkpoint, note } = signed;

  const logs = policy.logs.filter(({ key }) => key.keyName === checkpoint.origin);
  const byLog = logs.map(({ key }) => checkSignatures(note, key, verify));
  const byWitness = policy.witnesses.map(({ name, key }) => ({ name, ...checkSignatures(note, key, verify) }));
  if ([...byLog, ...byWitness].some(({ status }) => status === 'false')) {
    return { trusted: false, reason: 'SIGNATURE_INVALID' };
  }
  if (!byLog.some(({ status }) => status === 'true')) return { trusted: false, reason: 'UNKNOWN_LOG' };

  const witnesses = byWitness.flatMap(({ name, timestamp }) => (timestamp === undefined ? [] : [{ name, timestamp }]));
  const cosigned = witnesses.map(({ name }) => name);
  return isQuorum(policy, cosigned)
    ? { trusted: true, checkpoint, witnesses }
    : { trusted: false, reason: 'QUORUM_MISSING' };
}

/** Whether the witnesses named are enough for the policy. Names that it does not know count for nothing. */
export function isQuorum(policy: TrustPolicy, cosigned: readonly string[]): boolean {
  if (policy.quorum === 'none') return true;
  const names = new Set(policy.witnesses.map(({ name }) => name));
  const satisfied = new Set(cosigned.filter((name) => names.has(name)));
  for (const { name, threshold, members } of policy.groups) {
    if (members.filter((member) => satisfied.has(member)).length >= threshold) satisfied.add(name);
  }
  return satisfied.has(policy.quorum);
}

/** What the lines of `note` that name `key` are worth: none there, all true, or one false. */
function checkSignatures(
  note: SignedNote,
  key: VerifierKey,
  verify: VerifySignature,
): { status: 'absent' | 'true' | 'false'; timestamp?: bigint } {
  const lines = note.signatures.filter((line) => isSignatureBy(line, key));
  if (lines.length === 0) return { status: 'absent' };
  if (key.signatureType === SignatureType.ed25519) {
    const allTrue = lines.every((line) => verifyNoteSignature(note.text, line, key, verify));
    return { status: allTrue ? 'true' : 'false' };
  }
  let latest = 0n;
  for (const line of lines) {
    const timestamp = verifyCosignature(note.text, line, key, verify);
    if (timestamp === undefined) return { status: 'false' };
    if (timestamp > latest) latest = timestamp;
  }
  return { status: 'true', timestamp: latest };
}

// ------------------------------------------------------------------------------------------------------------ codec

/**
 * The policy that the text of a policy file states, or `undefined` when it breaks a rule of the format, has more than
 * `maximumDefinitions` definitions, or names a key of a type that is not supported (a log's must be of type 0x01 or
 * 0x04, a witness's of type 0x04).
 */
export function parseTrustPolicy(text: string, sha256: Sha256): TrustPolicy | undefined {
  if (text.length > maximumNoteLength || !text.endsWith('\n') || !isPolicyText(text)) return undefined;
  const draft = new PolicyDraft(sha256);
  for (const line of text.slice(0, -1).split('\n')) {
    const items = line.split(/[ \t]+/).filter((item) => item !== '');
    const [keyword, ...operands] = items;
    if (keyword === undefined || keyword.startsWith('#')) continue;
    if (!draft.define(keyword, operands)) return undefined;
  }
  return draft.finish();
}

/**
 * A policy file: logs, witnesses, groups and quorum, one a line, thresholds as numbers. {@link parseTrustPolicy} reads it
 * back; comments and layout of a file that was read before are not kept.
 * @throws RangeError when the policy breaks a rule of the format.
 */
export function printTrustPolicy(policy: TrustPolicy, sha256: Sha256): string {
  const lines = [
    ...policy.logs.map(({ key, url }) => ['log', printVerifierKey(key), url]),
    ...policy.witnesses.map(({ name, key, url }) => ['witness', name, printVerifierKey(key), url]),
    ...policy.groups.map(({ name, threshold, members }) => ['group', name, String(threshold), ...members]),
    ['quorum', policy.quorum],
  ];
  const text = lines.map((items) => `${items.filter((item) => item !== undefined).join(' ')}\n`).join('');
  const readBack = parseTrustPolicy(text, sha256);
  if (readBack === undefined || !isSamePolicy(readBack, policy)) {
    throw new RangeError(
      'the policy breaks a rule of the format: see c2sp.org/tlog-policy on names, groups and quorum',
    );
  }
  return text;
}

/** A policy while its file is read. Each method is one kind of line, and says whether the line is allowed there. */
class PolicyDraft {
  readonly #sha256: Sha256;
  readonly #logs: TrustedLog[] = [];
  readonly #witnesses: Witness[] = [];
  readonly #groups: WitnessGroup[] = [];
  /** Of witnesses and groups: one name space, in which `none` is taken. */
  readonly #names = new Set<string>();
  /** Names that are in a group already. */
  readonly #members = new Set<string>();
  #quorum: string | undefined;

  constructor(sha256: Sha256) {
    this.#sha256 = sha256;
  }

  define(keyword: string, operands: readonly string[]): boolean {
    if (this.#logs.length + this.#names.size >= maximumDefinitions && keyword !== 'quorum') return false;
    if (keyword === 'log') return this.#defineLog(operands);
    if (keyword === 'witness') return this.#defineWitness(operands);
    if (keyword === 'group') return this.#defineGroup(operands);
    return keyword === 'quorum' && this.#defineQuorum(operands);
  }

  finish(): TrustPolicy | undefined {
    if (this.#quorum === undefined) return undefined;
    return { logs: this.#logs, witnesses: this.#witnesses, groups: this.#groups, quorum: this.#quorum };
  }

  #defineLog([vkey, url, ...rest]: readonly string[]): boolean {
    const key = parseVerifierKey(vkey ?? '', this.#sha256);
    if (key === undefined || rest.length > 0 || hasKey(this.#logs, key)) return false;
    this.#logs.push(url === undefined ? { key } : { key, url });
    return true;
  }

  #defineWitness([name, vkey, url, ...rest]: readonly string[]): boolean {
    const key = parseVerifierKey(vkey ?? '', this.#sha256);
    if (key?.signatureType !== SignatureType.cosignature || rest.length > 0 || hasKey(this.#witnesses, key))
      return false;
    if (name === undefined || !this.#defineName(name)) return false;
    this.#witnesses.push(url === undefined ? { name, key } : { name, key, url });
    return true;
  }

  #defineGroup([name, rule, ...members]: readonly string[]): boolean {
    const threshold = groupThreshold(rule ?? '', members.length);
    if (name === undefined || threshold === undefined) return false;
    for (const member of members) {
      if (!this.#names.has(member) || this.#members.has(member)) return false;
      this.#members.add(member);
    }
    if (!this.#defineName(name)) return false;
    this.#groups.push({ name, threshold, members });
    return true;
  }

  #defineQuorum([name, ...rest]: readonly string[]): boolean {
    const isDefined = name !== undefined && (name === 'none' || this.#names.has(name));
    if (!isDefined || rest.length > 0 || this.#quorum !== undefined) return false;
    this.#quorum = name;
    return true;
  }

  #defineName(name: string): boolean {
    if (name === 'none' || this.#names.has(name)) return false;
    this.#names.add(name);
    return true;
  }
}

/** How many of `count` members `all`, `any` or a number demands, or `undefined` when that cannot be. */
function groupThreshold(rule: string, count: number): number | undefined {
  if (count === 0) return undefined;
  if (rule === 'all') return count;
  if (rule === 'any') return 1;
  const threshold = /^[1-9][0-9]{0,3}$/.test(rule) ? Number(rule) : 0;
  return threshold >= 1 && threshold <= count ? threshold : undefined;
}

function hasKey(entries: readonly { readonly key: VerifierKey }[], key: VerifierKey): boolean {
  return entries.some((entry) => entry.key.publicKey.every((byte, at) => byte === key.publicKey[at]));
}

/** Tab, newline and what is printable: no other control character, DEL included. */
function isPolicyText(text: string): boolean {
  return isNoteText(text.replaceAll('\t', ' ')) && !text.includes('\x7f');
}

function isSamePolicy(a: TrustPolicy, b: TrustPolicy): boolean {
  return JSON.stringify(plain(a)) === JSON.stringify(plain(b));
}

/** The policy with nothing but what its file says, keys in a fixed order, for comparison. */
function plain({ logs, witnesses, groups, quorum }: TrustPolicy): unknown {
  return [
    logs.map(({ key, url }) => [printVerifierKey(key), url]),
    witnesses.map(({ name, key, url }) => [name, printVerifierKey(key), url]),
    groups.map(({ name, threshold, members }) => [name, threshold, members]),
    quorum,
  ];
}
