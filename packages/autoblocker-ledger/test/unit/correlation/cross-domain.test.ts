import { describe, expect, it } from 'vitest';
import { CrossDomainDetector } from '../../../src/correlation/index.js';
import { type BlockTarget, lineDigest, type SecurityEvent } from '../../../src/events/index.js';

const start = Date.UTC(2026, 10, 23);
const minute = 60_000;
const day = 86_400_000;
const [home, cafe, office] = ['203.0.113.5', '198.51.100.7', '192.0.2.1'];
const alone = () => false;

interface Details {
  readonly at?: number;
  readonly kind?: string;
  readonly user?: string;
  readonly host?: string;
  readonly more?: readonly BlockTarget[];
  readonly authenticated?: boolean;
  readonly transport?: 'udp';
  readonly fields?: Record<string, string>;
}

function event(domain: string, address: string, outcome: SecurityEvent['outcome'], details: Details): SecurityEvent {
  const { at = 0, kind = 'authentication-failure', user, host, more = [], fields = {} } = details;
  const { authenticated, transport } = details;
  return {
    time: start + at,
    domain,
    kind,
    actor: [{ kind: 'ip', value: address }, ...more],
    victim: { ...(user === undefined ? {} : { user }), ...(host === undefined ? {} : { host }) },
    outcome,
    fields,
    evidence: { digest: lineDigest(`${domain} ${address} ${at} ${kind} ${user}`) },
    ...(authenticated === undefined ? {} : { authenticated }),
    ...(transport === undefined ? {} : { transport }),
  };
}
const failure = (domain: string, address: string, details: Details = {}) => event(domain, address, 'failure', details);
const success = (domain: string, address: string, details: Details = {}) =>
  event(domain, address, 'success', { kind: 'authentication-success', ...details });
const session = (value: string): BlockTarget => ({ kind: 'session', value });
const apiKey = (value: string): BlockTarget => ({ kind: 'apiKey', value });

/** Whom a stream of events accuses. */
function accused(events: readonly SecurityEvent[], isShared: (address: BlockTarget) => boolean = alone) {
  const detector = new CrossDomainDetector(isShared);
  return events.map((one) => detector.offer(one)).filter((overflow) => overflow !== undefined);
}

const times = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));

describe('failures in several domains', () => {
  it('are one overflow with all their events: three over ssh and three at an API', () => {
    const ssh = times(3, (n) => failure('ssh', home, { at: n * 1000, user: 'root' }));
    const api = times(3, (n) => failure('api', home, { at: 10_000 + n * 1000, user: 'ann' }));
    const overflows = accused([...ssh, ...api]);
    expect(overflows).toHaveLength(1);
    expect(overflows[0]).toMatchObject({ target: { kind: 'ip', value: home }, eventCount: 6 });
    expect(overflows[0]!.events).toEqual([...ssh, ...api]);
    expect(overflows[0]!.score).toBeGreaterThanOrEqual(1);
  });

  it('need two domains: any number in one is for the buckets', () => {
    expect(accused(times(500, (n) => failure('ssh', home, { at: n })))).toEqual([]);
    expect(accused([...times(5, () => failure('ssh', home)), failure('api', home)])).toEqual([]);
  });

  it('fade: what came slowly is no attack', () => {
    const slowly = times(12, (n) => failure(n % 2 === 0 ? 'ssh' : 'mail', home, { at: n * 30 * minute }));
    expect(accused(slowly)).toEqual([]);
    const swiftly = times(6, (n) => failure(n % 2 === 0 ? 'ssh' : 'mail', home, { at: n * minute }));
    expect(accused(swiftly)).toHaveLength(1);
  });

  it('count an attempt once, whatever kinds of lines it wrote', () => {
    const attempt = (n: number) =>
      ['invalid-user', 'pam-failure', 'authentication-failure', 'preauth-disconnect'].map((kind) =>
        failure('ssh', home, { at: n, kind }),
      );
    expect(accused([...times(2, attempt).flat(), ...times(2, (n) => failure('api', home, { at: n }))])).toEqual([]);
  });

  it('of different addresses stay apart', () => {
    expect(accused([...times(3, () => failure('ssh', home)), ...times(3, () => failure('api', cafe))])).toEqual([]);
  });

  it('are forgiven by a success of the same user at the same service, and by no other', () => {
    const mistyped = times(3, (n) => failure('ssh', home, { at: n, user: 'ann' }));
    const api = times(3, (n) => failure('api', home, { at: 100 + n }));
    expect(accused([...mistyped, success('ssh', home, { at: 50, user: 'ann' }), ...api])).toEqual([]);
    expect(accused([...mistyped, success('ssh', home, { at: 50, user: 'eve' }), ...api])).toHaveLength(1);
    expect(accused([...mistyped, success('mail', home, { at: 50, user: 'ann' }), ...api])).toHaveLength(1);
  });

  it('weigh little when only pages were refused, and nothing when the sender could be anybody', () => {
    const page = { kind: 'request', fields: { status: '404', path: '/x', resource: 'dynamic' } };
    const picture = { kind: 'request', fields: { status: '404', path: '/x.png', resource: 'static' } };
    const ssh = times(4, () => failure('ssh', home));
    expect(accused([...ssh, ...times(10, () => failure('http', home, page))])).toEqual([]);
    expect(accused([...ssh, ...times(16, () => failure('http', home, page))])).toHaveLength(1);
    expect(accused([...ssh, ...times(99, () => failure('http', home, picture))])).toEqual([]);
    expect(accused([...ssh, ...times(99, () => failure('dns', home, { transport: 'udp' }))])).toEqual([]);
  });

  it('of kinds that nobody knows weigh a quarter, whatever those are called', () => {
    const ssh = times(4, () => failure('ssh', home));
    for (const kind of ['door-knocked', 'constructor']) {
      expect(accused([...ssh, ...times(6, () => failure('api', home, { kind }))])).toHaveLength(1);
      expect(accused([...ssh, ...times(5, () => failure('api', home, { kind }))])).toEqual([]);
    }
  });
});

describe('who is one actor', () => {
  const ssh = (address: string, details: Details = {}) =>
    times(3, (n) => failure('ssh', address, { at: 1000 + n, ...details }));
  const api = (address: string, details: Details = {}) =>
    times(3, (n) => failure('api', address, { at: 2000 + n, ...details }));

  it('are addresses that one session, key or account used: the verified one is accused, since addresses change', () => {
    const used = [success('api', home, { more: [session('s1')] }), success('api', cafe, { more: [session('s1')] })];
    expect(accused([...used, ...ssh(home), ...api(cafe)])).toMatchObject([{ target: session('s1'), eventCount: 6 }]);
    const certificate = { kind: 'certificate', spkiSha256: 'a'.repeat(64) } as const;
    const withKey = [success('ssh', home, { more: [certificate] }), success('api', cafe, { more: [certificate] })];
    expect(accused([...withKey, ...ssh(home), ...api(cafe)])).toMatchObject([{ target: certificate }]);
    const loggedIn = [success('ssh', home, { user: 'ann' }), success('ssh', cafe, { user: 'ann' })];
    const [byAccount] = accused([...loggedIn, ...ssh(home), ...api(cafe)]);
    // The account may be stolen: where nothing better is known it is the address that acted last.
    expect(byAccount).toMatchObject({ target: { kind: 'ip', value: cafe } });
  });

  it('are never those who only tried the same name, or claimed the same key', () => {
    const guessers = times(1000, (n) => `10.0.${n >> 8}.${n & 255}`);
    const tried = guessers.flatMap((address, n) => [
      failure(n % 2 === 0 ? 'ssh' : 'api', address, { at: n, user: 'root', more: [{ kind: 'user', value: 'root' }] }),
      failure(n % 2 === 0 ? 'api' : 'ssh', address, { at: n, user: 'root', more: [apiKey('stolen-number')] }),
    ]);
    expect(accused(tried)).toEqual([]);
  });

  it('leave the owner of a tried account alone', () => {
    const owner = [success('ssh', office, { user: 'ann' }), success('ssh', cafe, { user: 'ann' })];
    const attack = [
      ...ssh(home, { user: 'ann' }),
      ...api(home, { user: 'ann', more: [{ kind: 'user', value: 'ann' }] }),
    ];
    const overflows = accused([
      ...owner,
      ...attack,
      ...times(1, () => failure('api', cafe, { at: 5000, user: 'ann' })),
    ]);
    expect(overflows).toMatchObject([{ target: { kind: 'ip', value: home }, eventCount: 6 }]);
  });

  it('do not include a namesake of another service or host, whom anybody can register', () => {
    const namesakes = [
      success('ssh', home, { user: 'ann', host: 'a' }),
      success('http', cafe, { user: 'ann', host: 'a' }),
    ];
    expect(accused([...namesakes, ...ssh(home), ...api(cafe)])).toEqual([]);
  });

  it('are not joined over an address that independent people use', () => {
    const used = [
      success('api', home, { more: [session('s1')] }),
      success('api', office, { more: [session('s1')] }),
      success('api', office, { more: [session('s2')] }),
    ];
    expect(accused([...used, ...ssh(home), ...api(office)])).toEqual([]);
  });

  it('are not joined over a shared address, and there the verified is accused only of what it did itself', () => {
    const isShared = (address: BlockTarget) => address.kind === 'ip' && address.value === office;
    const used = [success('api', office, { more: [session('s1')] })];
    expect(accused([...used, ...ssh(office), ...api(office)], isShared)).toMatchObject([
      { target: { kind: 'ip', value: office } },
    ]);
    const own = { more: [session('s1')], authenticated: true, kind: 'authorization-failure' };
    const abuse = [
      ...times(6, (n) => failure('api', office, { ...own, at: n })),
      ...times(6, (n) => failure('http', office, { ...own, at: n })),
    ];
    expect(accused([...used, ...abuse], isShared)).toMatchObject([{ target: session('s1') }]);
  });

  it('part when the link was not seen for a day', () => {
    const used = [success('api', home, { more: [session('s1')] }), success('api', cafe, { more: [session('s1')] })];
    expect(accused([...used, ...ssh(home, { at: 2 * day }), ...api(cafe, { at: 2 * day })])).toEqual([]);
  });
});

describe('the memory of a detector', () => {
  it('is bounded in identities and in links, and says what it dropped', () => {
    const detector = new CrossDomainDetector(alone, { maxIdentities: 100, maxLinks: 4, maxMembers: 8, linkMs: day });
    for (let n = 0; n < 1000; n += 1) detector.offer(failure('ssh', `10.0.${n >> 8}.${n & 255}`, { at: n }));
    expect(detector.statistics).toMatchObject({ identities: 100, evicted: 900 });
    for (let n = 0; n < 10; n += 1) detector.offer(success('api', home, { at: 2000, more: [session(`s${n}`)] }));
    expect(detector.statistics).toMatchObject({ identities: 100, linksDropped: 6 });
  });

  it('keeps the newest six events of a kind as evidence, and counts all', () => {
    const [overflow] = accused([
      ...times(40, (n) => failure('ssh', home, { at: n })),
      ...times(2, (n) => failure('api', home, { at: 100 + n })),
    ]);
    expect(overflow).toMatchObject({ eventCount: 42 });
    expect(overflow!.events).toHaveLength(8);
  });
});
