// From an accepted quote to what an authority issues about the device, and back to the counters for its next quote.
import { TenstripError } from '@tenstrip/shared-core/errors';
import type { AttestationErrorCode } from '../errors/index.js';
import { type DeviceState, deviceStateSchema } from '../statement/index.js';
import { firmwareText, type QuoteAcceptance, type TpmCounters } from './tpm/index.js';

/** The predicate of an attestation of the device: its type is `deviceStateType`, its subject's digest `{ sha256: keyFingerprint }`. @throws TenstripError `RequestInvalid` for a refusal */
export function deviceStateOf(accepted: QuoteAcceptance): DeviceState {
  if ((accepted as QuoteAcceptance | undefined)?.ok !== true) {
    throw new TenstripError<AttestationErrorCode>(
      'RequestInvalid',
      'A device is attested from a quote that was accepted. Give the verdict, once it is `ok`.',
    );
  }
  const { policy, policyDigest, keyName, nonce, pcrs, counters, safe, reboot, eventLog } = accepted;
  return {
    appraisedAt: new Date(accepted.appraisedAt).toISOString(),
    challengedAt: new Date(accepted.challengedAt).toISOString(),
    eat_nonce: Buffer.from(nonce).toString('base64url'),
    policy,
    policyDigest,
    ...(keyName === undefined ? {} : { attestationKey: Buffer.from(keyName).toString('hex') }),
    pcrs: { ...pcrs },
    resetCount: counters.resetCount,
    restartCount: counters.restartCount,
    clockMs: String(counters.clockMs),
    safe,
    firmwareVersion: firmwareText(counters.firmwareVersion),
    reboot,
    ...(eventLog === undefined ? {} : { events: eventLog.events.length }),
  };
}

/** The counters in a predicate, to be the `previous` of the device's next quote; `undefined` when it is no device state. */
export function countersOf(predicate: unknown): TpmCounters | undefined {
  const parsed = deviceStateSchema.safeParse(predicate);
  if (!parsed.success) return undefined;
  const { clockMs = '0', resetCount, restartCount, firmwareVersion } = parsed.data;
  return { clockMs: BigInt(clockMs), resetCount, restartCount, firmwareVersion: BigInt(`0x${firmwareVersion}`) };
}
