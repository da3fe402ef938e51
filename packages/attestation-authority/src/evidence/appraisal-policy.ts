// Appraisal policies: reference values and rules for the state of devices (RFC 9334, section 8.5). JSON in, checked and compiled once
// into maps that all devices share; looking a value up costs the same for one reference value and for a million.
import { canonicalJson, sha256 } from '@tenstrip/shared-core/crypto';
import { z } from 'zod';
import { checked } from '../errors/index.js';
import { digestBytes, type HashName, hashNames } from './tpm/algorithms.js';

/** What the state of a device must be. PCRs are named `bank:index` (`sha256:7`), digests are lower-case hex. */
export interface AppraisalPolicy {
  /** What statements call it. */
  readonly name: string;
  /** PCRs that must be quoted, and the values that each may have; `any` leaves it to event rules. */
  readonly pcrs: Readonly<Record<string, readonly string[] | 'any'>>;
  /** Hashes that banks and signatures may use. Default SHA-256, SHA-384, SHA-512. SHA-1 only by being named here. */
  readonly hashes?: readonly HashName[];
  /** Oldest challenge that is good, in milliseconds. Default 60,000. */
  readonly maxAgeMs?: number;
  /** What a reset or restart since the previous quote leads to. Default `accept`: it is reported. */
  readonly reboot?: 'accept' | 'refuse';
  /** What a clock that may have been reported higher before leads to. Default `accept`: it is reported. */
  readonly unsafeClock?: 'accept' | 'refuse';
  /** Firmware versions of TPMs that are good, as 16 hex digits. Default all. */
  readonly firmwareVersions?: readonly string[];
  /** What another firmware version than in the previous quote leads to. Default `refuse`. */
  readonly firmwareChange?: 'accept' | 'refuse';
  /** Rules for the event log, which must then be there. */
  readonly events?: EventRules;
}

/** Rules for event logs. Each PCR that they name must be quoted, and have the value that the log leads to. */
export interface EventRules {
  /** For each of these PCRs, the digests that its events may have. */
  readonly allow?: Readonly<Record<string, readonly string[]>>;
  /** Events that must be there. A type is the log's claim alone; name digests where that is not enough. */
  readonly require?: readonly RequiredEvent[];
}

/** An event that a log must have. */
export interface RequiredEvent {
  readonly pcr: string;
  /** As in the TCG's firmware profile: `EV_SEPARATOR`; or `0x` and eight hex digits. */
  readonly type: string;
  /** One of these. Default any. */
  readonly digests?: readonly string[];
}

/** A policy, ready for use by {@link appraiseQuote}. */
export interface CompiledPolicy {
  readonly name: string;
  /** SHA-256 of the policy's canonical JSON (RFC 8785): which policy it was. */
  readonly digest: string;
  /** By `bank:index`, in the order of the policy; `undefined` for any. */
  readonly references: ReadonlyMap<string, ReadonlySet<string> | undefined>;
  readonly hashes: ReadonlySet<HashName>;
  readonly maxAgeMs: number;
  readonly refusesReboot: boolean;
  readonly refusesUnsafeClock: boolean;
  readonly firmwareVersions: ReadonlySet<string> | undefined;
  readonly refusesFirmwareChange: boolean;
  readonly events: CompiledEventRules | undefined;
}

/** Event rules, ready for use. */
export interface CompiledEventRules {
  readonly allow: ReadonlyMap<string, ReadonlySet<string>>;
  readonly require: readonly {
    readonly pcr: string;
    readonly type: string;
    readonly digests: ReadonlySet<string> | undefined;
  }[];
}

const maximumDigests = 1_000_000;
const pcrSchema = z.string().regex(/^(?:sha1|sha256|sha384|sha512):(?:[0-9]|[12][0-9]|3[01])$/, 'bank:index');
const digestsSchema = z
  .array(z.string().regex(/^[0-9a-f]+$/, 'lower-case hex'))
  .min(1)
  .max(maximumDigests);

/** A policy, checked. Exported for the strip's options. */
export const appraisalPolicySchema = z
  .strictObject({
    name: z.string().min(1).max(256),
    pcrs: z.record(pcrSchema, z.union([digestsSchema, z.literal('any')])),
    hashes: z.array(z.enum(hashNames)).min(1).optional(),
    maxAgeMs: z.number().min(0).max(86_400_000).optional(),
    reboot: z.enum(['accept', 'refuse']).optional(),
    unsafeClock: z.enum(['accept', 'refuse']).optional(),
    firmwareVersions: z
      .array(z.string().regex(/^[0-9a-f]{16}$/, '16 hex digits'))
      .min(1)
      .max(4096)
      .optional(),
    firmwareChange: z.enum(['accept', 'refuse']).optional(),
    events: z
      .strictObject({
        allow: z.record(pcrSchema, digestsSchema).optional(),
        require: z
          .array(
            z.strictObject({
              pcr: pcrSchema,
              type: z.string().regex(/^(?:EV_[A-Z0-9_]{1,64}|0x[0-9a-f]{8})$/, 'an event type'),
              digests: digestsSchema.optional(),
            }),
          )
          .max(1024)
          .optional(),
      })
      .optional(),
  })
  .superRefine((policy, context) => {
    const hashes: readonly HashName[] = policy.hashes ?? defaultHashes;
    const named = pcrsOf(policy as AppraisalPolicy);
    if (named.length === 0) context.addIssue({ code: 'custom', path: ['pcrs'], message: 'it names no PCR' });
    for (const [path, pcr, digests] of named) {
      const bank = bankOf(pcr);
      if (!hashes.includes(bank)) {
        context.addIssue({ code: 'custom', path, message: `the bank ${bank} is not one of its hashes` });
      }
      if (Array.isArray(digests) && digests.some(({ length }) => length !== digestBytes[bank] * 2)) {
        context.addIssue({ code: 'custom', path, message: `a digest of ${bank} has ${digestBytes[bank] * 2} digits` });
      }
    }
  });

const defaultHashes: readonly HashName[] = ['sha256', 'sha384', 'sha512'];

/** A policy, checked and compiled. @throws TenstripError `OptionsInvalid` with everything that is wrong. */
export function compilePolicy(policy: AppraisalPolicy): CompiledPolicy {
  const given = checked(appraisalPolicySchema, policy, 'an appraisal policy');
  const { name, pcrs, hashes, maxAgeMs, reboot, unsafeClock, firmwareVersions, firmwareChange, events } = given;
  const references = new Map(
    Object.entries(pcrs).map(([pcr, digests]) => [pcr, digests === 'any' ? undefined : new Set(digests)]),
  );
  for (const [, pcr] of pcrsOf(given as AppraisalPolicy)) if (!references.has(pcr)) references.set(pcr, undefined);
  return {
    name,
    digest: Buffer.from(sha256(Buffer.from(canonicalJson(given)))).toString('hex'),
    references,
    hashes: new Set(hashes ?? defaultHashes),
    maxAgeMs: maxAgeMs ?? 60_000,
    refusesReboot: reboot === 'refuse',
    refusesUnsafeClock: unsafeClock === 'refuse',
    firmwareVersions: firmwareVersions === undefined ? undefined : new Set(firmwareVersions),
    refusesFirmwareChange: firmwareChange !== 'accept',
    events: events === undefined ? undefined : compileRules(events as EventRules),
  };
}

function compileRules({ allow = {}, require = [] }: EventRules): CompiledEventRules {
  return {
    allow: new Map(Object.entries(allow).map(([pcr, digests]) => [pcr, new Set(digests)])),
    require: require.map(({ pcr, type, digests }) => ({
      pcr,
      type,
      digests: digests === undefined ? undefined : new Set(digests),
    })),
  };
}

/** Every PCR that a policy names, where, and with which digests. */
function pcrsOf({ pcrs, events }: AppraisalPolicy): [path: (string | number)[], pcr: string, digests: unknown][] {
  return [
    ...Object.entries(pcrs).map(([pcr, digests]): [string[], string, unknown] => [['pcrs', pcr], pcr, digests]),
    ...Object.entries(events?.allow ?? {}).map(([pcr, digests]): [string[], string, unknown] => [
      ['events', 'allow', pcr],
      pcr,
      digests,
    ]),
    ...(events?.require ?? []).map(({ pcr, digests }, at): [(string | number)[], string, unknown] => [
      ['events', 'require', at],
      pcr,
      digests,
    ]),
  ];
}

function bankOf(pcr: string): HashName {
  return pcr.slice(0, pcr.indexOf(':')) as HashName;
}
