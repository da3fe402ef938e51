import { describe, expect, it } from 'vitest';
import { createVerifier, sha256 } from '../../../src/crypto/index.js';
import {
  checkCheckpoint,
  isQuorum,
  parseTrustPolicy,
  parseVerifierKey,
  printTrustPolicy,
  type TrustPolicy,
} from '../../../src/transparency/index.js';
import { logKey, origin, signedCheckpoint, witnessKey, witnessName } from './small-log.js';

const { verify } = createVerifier();
const policyOf = (text: string): TrustPolicy => parseTrustPolicy(text, sha256)!;

// The shape of the example of c2sp.org/tlog-policy, with keys.
const example = `# two organisations
log ${logKey} https://log.example/42

witness X1 ${witnessKey(1)}
witness X2 ${witnessKey(2)}
\twitness   X3 ${witnessKey(3)}  https://x3.example/ \t
  # comment
group X-witnesses 2 X1 X2 X3

witness Y1 ${witnessKey(4)}
witness Y2 ${witnessKey(5)}
group Y-witnesses any Y1 Y2

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
`;

describe('trust policy', () => {
  it('in the shape of the specification is read, and printed without comments', () => {
    const policy = policyOf(example);
    expect(policy.logs).toEqual([{ key: parseVerifierKey(logKey, sha256), url: 'https://log.example/42' }]);
    expect(policy.witnesses.map(({ name, url }) => [name, url])).toEqual([
      ['X1', undefined],
      ['X2', undefined],
      ['X3', 'https://x3.example/'],
      ['Y1', undefined],
      ['Y2', undefined],
    ]);
    expect(policy.groups).toEqual([
      { name: 'X-witnesses', threshold: 2, members: ['X1', 'X2', 'X3'] },
      { name: 'Y-witnesses', threshold: 1, members: ['Y1', 'Y2'] },
      { name: 'X-and-Y', threshold: 2, members: ['X-witnesses', 'Y-witnesses'] },
    ]);
    const printed = printTrustPolicy(policy, sha256);
    expect(printed.split('\n').length).toBe(1 + 5 + 3 + 1 + 1);
    expect(parseTrustPolicy(printed, sha256)).toEqual(policy);
    expect(printTrustPolicy(policyOf(printed), sha256)).toBe(printed);
  });

  it.each([
    ['two of X and one of Y', ['X1', 'X3', 'Y2'], true],
    ['everyone', ['X1', 'X2', 'X3', 'Y1', 'Y2'], true],
    ['one of X and one of Y', ['X1', 'Y2'], false],
    ['all of X, none of Y', ['X1', 'X2', 'X3'], false],
    ['the same of X twice', ['X1', 'X1', 'Y1'], false],
    ['a group by its own name', ['X-and-Y'], false],
    ['nobody', [], false],
  ])('has its quorum decided by %s: %j', (_, cosigned, enough) => {
    expect(isQuorum(policyOf(example), cosigned)).toBe(enough);
  });

  const w1 = `witness A ${witnessKey(1)}\n`;
  const w2 = `witness B ${witnessKey(2)}\n`;

  it('may have no log, no witness, names of any script, and the words of the format as names', () => {
    expect(policyOf('quorum none\n')).toEqual({ logs: [], witnesses: [], groups: [], quorum: 'none' });
    expect(policyOf(`witness größe ${witnessKey(1)}\nquorum größe\n`).quorum).toBe('größe');
    expect(policyOf(`witness all ${witnessKey(1)}\ngroup any all all\nquorum any\n`).groups).toEqual([
      { name: 'any', threshold: 1, members: ['all'] },
    ]);
    expect(policyOf(`${w1}witness \u212a ${witnessKey(2)}\nquorum A\n`).witnesses.length).toBe(2);
  });

  it.each([
    ['no quorum', w1],
    ['two quorums', `${w1}quorum A\nquorum A\n`],
    ['a quorum that is not defined', `${w1}quorum B\n`],
    ['a quorum that is defined later', `quorum A\n${w1}`],
    ['a quorum of two names', `${w1}${w2}quorum A B\n`],
    ['a name defined twice', `${w1}witness A ${witnessKey(2)}\nquorum A\n`],
    ['a group with the name of a witness', `${w1}group A any A\nquorum A\n`],
    ['a witness called none', `witness none ${witnessKey(1)}\nquorum none\n`],
    ['a group called none', `${w1}group none any A\nquorum none\n`],
    ['none as a member', `${w1}group G any A none\nquorum G\n`],
    ['a member that is not defined', `${w1}group G any A C\nquorum G\n`],
    ['a group that is its own member', `${w1}group G any A G\nquorum G\n`],
    ['a member twice in a group', `${w1}group G 2 A A\nquorum G\n`],
    ['a member of two groups', `${w1}${w2}group G any A\ngroup H any A B\nquorum H\n`],
    ['a group without members', 'group G any\nquorum G\n'],
    ['a threshold of 0', `${w1}group G 0 A\nquorum G\n`],
    ['a threshold above the members', `${w1}group G 2 A\nquorum G\n`],
    ['a threshold with a leading zero', `${w1}group G 01 A\nquorum G\n`],
    ['a threshold that is no number', `${w1}group G most A\nquorum G\n`],
    ['the same witness key under two names', `${w1}witness B ${witnessKey(1)}\nquorum A\n`],
    ['the same log key twice', `log ${logKey}\nlog ${logKey} https://log.example/\nquorum none\n`],
    ['a witness with a key for notes', `witness A ${logKey}\nquorum A\n`],
    ['a witness without key', 'witness A\nquorum A\n'],
    ['a log without key', 'log\nquorum none\n'],
    ['a key that is damaged', `log ${logKey.slice(0, -1)}A\nquorum none\n`],
    ['a word too many', `log ${logKey} https://log.example/ more\nquorum none\n`],
    ['a word that means nothing', `${w1}quorom A\nquorum A\n`],
    ['a last line that does not end', 'quorum none'],
    ['a carriage return', 'quorum none\r\n'],
    ['a DEL character', '# \x7f\nquorum none\n'],
    ['more than 1,024 definitions', `${w1}${manyGroups(1024)}quorum A\n`],
    ['nothing', ''],
  ])('with %s is refused', (_, text) => {
    expect(parseTrustPolicy(text, sha256)).toBeUndefined();
  });

  it('holds 1,024 definitions', () => {
    expect(parseTrustPolicy(`${w1}${manyGroups(1023)}quorum A\n`, sha256)?.groups.length).toBe(1023);
  });

  it('is not printed when it breaks a rule', () => {
    const policy = policyOf(example);
    const broken: TrustPolicy[] = [
      { ...policy, quorum: 'nobody' },
      { ...policy, quorum: 'X1\nquorum none' },
      { ...policy, groups: [{ name: 'G', threshold: 9, members: ['X1'] }], quorum: 'G' },
      { ...policy, witnesses: [{ ...policy.witnesses[0]!, name: 'a b' }], groups: [], quorum: 'none' },
      { ...policy, logs: [{ ...policy.logs[0]!, url: '' }] },
    ];
    for (const each of broken) expect(() => printTrustPolicy(each, sha256)).toThrow(RangeError);
  });
});

describe('a checkpoint under a trust policy', () => {
  const policy = policyOf(
    `log ${logKey}\nwitness A ${witnessKey(1)}\nwitness B ${witnessKey(2)}\ngroup G all A B\nquorum G\n`,
  );

  it('is trusted when the log signed and the quorum cosigned; strangers are ignored', async () => {
    const verdict = checkCheckpoint(await signedCheckpoint(5, [1, 2, 3]), policy, verify);
    expect(verdict).toMatchObject({
      trusted: true,
      checkpoint: { origin, size: 5n },
      witnesses: [
        { name: 'A', timestamp: 1_700_000_001n },
        { name: 'B', timestamp: 1_700_000_002n },
      ],
    });
  });

  it('says what is missing', async () => {
    const reasonOf = (text: string, of = policy): string => {
      const verdict = checkCheckpoint(text, of, verify);
      return verdict.trusted ? 'TRUSTED' : verdict.reason;
    };
    const good = await signedCheckpoint(5, [1, 2]);
    expect(reasonOf(good)).toBe('TRUSTED');
    expect(reasonOf('')).toBe('MALFORMED');
    expect(reasonOf(await signedCheckpoint(5, [1]))).toBe('QUORUM_MISSING');
    expect(reasonOf(await signedCheckpoint(5, [1, 1]))).toBe('QUORUM_MISSING');
    expect(reasonOf(good, policyOf('quorum none\n'))).toBe('UNKNOWN_LOG');
    // Signed by the log's key, but under the origin of another log.
    const elsewhere = (await signedCheckpoint(5)).replace(`${origin}\n5`, 'other.example\n5');
    expect(reasonOf(elsewhere, policyOf(`log ${logKey}\nquorum none\n`))).toBe('UNKNOWN_LOG');
    // The tree of 5 for the tree of 6: what the log signed is not this.
    expect(reasonOf(good.replace('\n5\n', '\n6\n'))).toBe('SIGNATURE_INVALID');
    // One line more that names the log's key and is false spoils the note, as the specification advises.
    const line = good.split('\n').find((each) => each.startsWith(`— ${origin}`))!;
    const false_ = (await signedCheckpoint(6)).split('\n').find((each) => each.startsWith(`— ${origin}`))!;
    expect(reasonOf(`${good}${false_}\n`)).toBe('SIGNATURE_INVALID');
    expect(reasonOf(`${good}${line}\n`)).toBe('TRUSTED');
    const falseWitness = (await signedCheckpoint(6, [1])).split('\n').find((each) => each.includes(witnessName(1)))!;
    expect(reasonOf(`${good}${falseWitness}\n`)).toBe('SIGNATURE_INVALID');
  });

  it('is refused after any single-bit change when only known keys signed it', async () => {
    const text = Buffer.from(await signedCheckpoint(5, [1, 2]));
    let read = 0;
    for (let bit = 0; bit < text.length * 8; bit++) {
      const changed = Uint8Array.from(text);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      const decoded = decodeUtf8(changed);
      if (decoded === undefined) continue;
      read++;
      if (checkCheckpoint(decoded, policy, verify).trusted) expect.unreachable(`accepted with bit ${bit} changed`);
    }
    expect(checkCheckpoint(text.toString(), policy, verify).trusted).toBe(true);
    expect(read).toBeGreaterThan(2000);
  });
});

function manyGroups(count: number): string {
  return Array.from({ length: count }, (_, at) => `group g${at} any ${at === 0 ? 'A' : `g${at - 1}`}\n`).join('');
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
