// Faults of a dependency behind a proxy that speaks Toxiproxy's HTTP API: our own or Shopify's, in any process.

import { TenstripError } from '@tenstrip/shared-core/errors';
import type { ChaosErrorCode } from '../errors/index.js';
import type { FaultTarget } from '../faults/index.js';
import { callToxiproxy, type ToxiproxyAnswer } from '../lease/index.js';
import type { HostFault } from './host-fault.js';
import { faultInvalid, targetBusy, targetDenied, targetUnknown } from './refusal.js';

/** Puts a toxic on a proxy, or disables it (`down`), until the fault ends. */
export const poisonDependency: HostFault<'dependency.toxic'> = async (target, fault, { policy, freshName }) => {
  if (!('proxy' in target)) throw faultInvalid(['the target of a toxic must be a proxy']);
  const { proxy } = target;
  const api = Object.hasOwn(policy.proxies, proxy) ? policy.proxies[proxy] : undefined;
  if (api === undefined) throw targetDenied(target, 'the policy does not list it');
  const { status, body } = await asked(target, api, 'GET', ['proxies', proxy]);
  if (status === 404) throw targetUnknown(target, `${api} has no such proxy`);
  if (status !== 200) throw unexpected(target, { status, body });
  if (fault.type === 'down') {
    if ((body as { enabled?: unknown }).enabled !== true) throw targetBusy(target, 'it is disabled already');
    return {
      undo: [{ kind: 'proxy-enable', api, proxy }],
      async apply() {
        const answer = await asked(target, api, 'POST', ['proxies', proxy], { enabled: false });
        if (answer.status >= 300) throw unexpected(target, answer);
      },
    };
  }
  const toxic = `tenstrip_chaos_${freshName()}`;
  const { type, stream, toxicity, attributes } = fault;
  return {
    undo: [{ kind: 'proxy-toxic', api, proxy, toxic }],
    async apply() {
      const wanted = { name: toxic, type, stream, toxicity, attributes };
      const answer = await asked(target, api, 'POST', ['proxies', proxy, 'toxics'], wanted);
      if (answer.status >= 300) throw unexpected(target, answer);
    },
  };
};

async function asked(
  target: FaultTarget,
  api: string,
  method: 'GET' | 'POST',
  path: readonly string[],
  body?: unknown,
): Promise<ToxiproxyAnswer> {
  try {
    return await callToxiproxy(api, method, path, body);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const options = { details: { target, api }, cause, retryable: true };
    throw new TenstripError<ChaosErrorCode>('ProxyUnavailable', `the API ${api} does not answer: ${why}.`, options);
  }
}

function unexpected(target: FaultTarget, { status, body }: ToxiproxyAnswer): TenstripError<ChaosErrorCode> {
  const said = typeof body === 'string' ? body : JSON.stringify(body);
  if (status === 400) return faultInvalid([`the proxy says ${said.slice(0, 300)}`]);
  return new TenstripError('ProxyUnavailable', `the proxy's API answered ${status}: ${said.slice(0, 300)}`, {
    details: { target, status },
    retryable: true,
  });
}
