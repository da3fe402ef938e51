// A decision in the words of CrowdSec's local API (observed on 1.4.6), and the filters that its clients may set.

import type { Decision } from '../decisions/index.js';
import { goDuration } from './go-duration.js';

/** Which decisions a request asks for. Empty lists: all. Scopes are compared without case, as CrowdSec does for its own. */
export interface LapiFilter {
  readonly scopes: readonly string[];
  readonly origins: readonly string[];
  readonly types: readonly string[];
  /** The service that the bouncer stands before; `undefined`: only decisions for all domains. */
  readonly domain: string | undefined;
}

const scopeOf = {
  ip: 'Ip',
  range: 'Range',
  user: 'username',
  apiKey: 'apiKey',
  session: 'session',
  certificate: 'certificate',
} as const satisfies Record<Decision['target']['kind'], string>;

/** Go's longest duration is 292 years; a block without end lasts 100. */
const endlessMs = 100 * 365 * 86_400_000;

/** CrowdSec's names for where a decision comes from, by which its bouncers filter. */
function originOf(decision: Decision): 'crowdsec' | 'cscli' {
  return decision.origin === 'scenario' ? 'crowdsec' : 'cscli';
}

/** Whether a filter lets a decision through, whatever its state. `observe` is for nobody who enforces. */
export function passes(decision: Decision, { scopes, origins, types, domain }: LapiFilter): boolean {
  if (decision.action === 'observe') return false;
  if (decision.domains !== 'all' && (domain === undefined || !decision.domains.includes(domain))) return false;
  if (scopes.length > 0 && !scopes.includes(scopeOf[decision.target.kind].toLowerCase())) return false;
  if (origins.length > 0 && !origins.includes(originOf(decision))) return false;
  return types.length === 0 || types.includes(decision.action);
}

/** The JSON of a decision. A negative duration says how long it has been over. */
export function lapiJson(decision: Decision, now: number): string {
  const { id, action, target, scenario, until } = decision;
  return JSON.stringify({
    duration: goDuration(until === null ? endlessMs : until - now),
    id: Number(id),
    origin: originOf(decision),
    scenario: scenario.name,
    scope: scopeOf[target.kind],
    type: action,
    value: target.kind === 'certificate' ? target.spkiSha256 : target.value,
  });
}

/** The JSON of a decision that was taken back: over, whatever its end says. */
export function endedJson(decision: Decision, now: number): string {
  const until = Math.min(decision.until ?? now - 1, now - 1);
  return lapiJson({ ...decision, until }, now);
}
