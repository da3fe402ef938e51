// The border for targets: one spelling of each address, and the network that a target stands for.

import { inspect } from 'node:util';
import { TenstripError } from '@tenstrip/shared-core/errors';
import type { LedgerErrorCode } from '../errors/index.js';
import { type BlockTarget, blockTargetSchema } from '../events/index.js';
import {
  canonicalAddress,
  formatIpAddress,
  formatIpPrefix,
  type IpPrefix,
  isHost,
  parseIpAddress,
  requireIpAddress,
  requireIpPrefix,
} from '../lookup/index.js';

/** The target that `value` says: a target, or the text of an address or network. @throws TenstripError `TargetInvalid` */
export function canonicalTarget(value: BlockTarget | string): BlockTarget {
  if (typeof value === 'string') {
    const address = parseIpAddress(value);
    return address === undefined
      ? rangeTarget(requireIpPrefix(value))
      : { kind: 'ip', value: formatIpAddress(address) };
  }
  // What parsers found is canonical already, and a schema costs more than all rails.
  if (value?.kind === 'ip' && typeof value.value === 'string' && canonicalAddress(value.value) === value.value)
    return { kind: 'ip', value: value.value };
  const parsed = blockTargetSchema.safeParse(value);
  if (!parsed.success) {
    const shown = inspect(value, { breakLength: Number.POSITIVE_INFINITY, customInspect: false }).slice(0, 200);
    throw new TenstripError<LedgerErrorCode>(
      'TargetInvalid',
      `This is not a block target: ${shown}. Give { kind, value } with kind ip, range, user, apiKey or session, or { kind: 'certificate', spkiSha256 }.`,
      { details: { value } },
    );
  }
  if (parsed.data.kind === 'ip') return { kind: 'ip', value: formatIpAddress(requireIpAddress(parsed.data.value)) };
  if (parsed.data.kind === 'range') return rangeTarget(requireIpPrefix(parsed.data.value));
  return parsed.data;
}

/** The network of a canonical target; `undefined` when it is no address. */
export function targetPrefix(target: BlockTarget): IpPrefix | undefined {
  return target.kind === 'ip' || target.kind === 'range' ? requireIpPrefix(target.value) : undefined;
}

/** A network of one address is that address, so that it has one spelling. */
function rangeTarget(prefix: IpPrefix): BlockTarget {
  return isHost(prefix)
    ? { kind: 'ip', value: formatIpAddress(prefix.address) }
    : { kind: 'range', value: formatIpPrefix(prefix) };
}
