// The one refusal of this module: what was attempted, under which capability, and what is granted instead.
import { type CoreErrorCode, TenstripError } from '../errors/index.js';
import type { Capability } from './capability.js';

/** What a policy grants of one capability: everything, or these. */
export type Granted = true | readonly string[];

/** What a handle's owner is told when it asks for something that is not granted. */
export function capabilityDenied(
  capability: Capability,
  attempted: string,
  granted: Granted | undefined,
  why = 'it is not granted',
): TenstripError<CoreErrorCode> {
  return new TenstripError<CoreErrorCode>(
    'CapabilityDenied',
    `${capability}: ${attempted} is refused, ${why}; granted: ${shown(granted)}. ` +
      `Add it to grants['${capability}'] of the sandbox policy if it is meant to be allowed`,
    { details: { capability, attempted, granted: granted ?? [] } },
  );
}

/** At most this many grants are listed in a message. */
const shownGrants = 20;

function shown(granted: Granted | undefined): string {
  if (granted === undefined || (granted !== true && granted.length === 0)) return 'nothing';
  if (granted === true) return 'everything';
  const listed = granted.slice(0, shownGrants).map((grant) => JSON.stringify(grant));
  return granted.length > shownGrants
    ? `${listed.join(', ')} and ${granted.length - shownGrants} more`
    : listed.join(', ');
}
