// From a capability's name and a policy to the handle that the code holds. The handle checks every use by itself, so
// that it can be passed on without the policy.
import { type CoreErrorCode, TenstripError } from '../errors/index.js';
import { type Capability, type CapabilityHandles, capabilities, type SandboxPolicy } from './capability.js';
import { capabilityDenied, type Granted } from './capability-denied.js';
import { openEnvironment } from './environment.js';
import { openFileReading } from './file-reading.js';
import { openFileWriting } from './file-writing.js';
import { openNativeLoading } from './native-loading.js';
import { openNetworking } from './networking.js';
import { openProgramRunning } from './program-running.js';

const open: { readonly [C in Capability]: (granted: Granted, within?: CapabilityHandles[C]) => CapabilityHandles[C] } =
  {
    'fs.read': openFileReading,
    'fs.write': openFileWriting,
    net: openNetworking,
    process: openProgramRunning,
    native: openNativeLoading,
    env: openEnvironment,
  };

/**
 * The handle of `capability` under `policy`. Folders of a grant are looked up now: a later link in their place grants
 * nothing more. Environment variables are read now.
 *
 * @param policy what is granted; `undefined` grants everything.
 * @param within a handle to narrow: what is used must be granted by `policy` and by it.
 * @throws TenstripError `CapabilityDenied` when the policy grants nothing of it (it names what is granted), or when
 * there is no such capability.
 */
export function openCapability<C extends Capability>(
  capability: C,
  policy: SandboxPolicy | undefined,
  within?: CapabilityHandles[C],
): CapabilityHandles[C] {
  if (!Object.hasOwn(open, capability)) throw unknownCapability(capability);
  const granted: Granted | undefined = policy === undefined ? true : policy.grants[capability];
  if (granted === undefined || (granted !== true && granted.length === 0)) throw notGranted(capability, policy);
  return open[capability](granted, within);
}

function notGranted(capability: Capability, policy: SandboxPolicy | undefined): Error {
  const others = Object.keys(policy?.grants ?? {});
  const why = `the policy grants nothing of it (it grants ${others.length === 0 ? 'no capability' : others.join(', ')})`;
  return capabilityDenied(capability, 'every use', policy?.grants[capability], why);
}

function unknownCapability(given: unknown): TenstripError<CoreErrorCode> {
  const text = typeof given === 'string' ? JSON.stringify(given) : `given as ${given === null ? 'null' : typeof given}`;
  const message = `there is no capability ${text}; use one of ${capabilities.join(', ')}`;
  return new TenstripError('CapabilityDenied', message, { details: { capability: given, capabilities } });
}
