// Names to implementations.
import { type CoreErrorCode, TenstripError } from '../../../errors/index.js';
import type { Backend, Ed25519 } from './backend.js';
import { nodeCrypto } from './node-crypto.js';
import { loadSodiumNative } from './sodium-native.js';
import { tweetnacl } from './tweetnacl.js';

/**
 * The implementation called `name`, default `node`.
 * @throws TenstripError `ConfigInvalid` when there is none of that name, or it is not installed.
 */
export function selectBackend(name: Backend = 'node'): Ed25519 {
  if (name === 'node') return nodeCrypto;
  if (name === 'tweetnacl') return tweetnacl;
  if (name === 'sodium') return loadSodiumNative();
  throw new TenstripError<CoreErrorCode>(
    'ConfigInvalid',
    `the Ed25519 backend is ${JSON.stringify(name)}; expected 'node', 'tweetnacl' or 'sodium'`,
    { details: { backend: name } },
  );
}
