// Which backends can be tried here: sodium-native is an optional peer dependency.
import { createRequire } from 'node:module';
import type { Backend } from '../../../src/crypto/index.js';

export const hasSodium = canLoad('sodium-native');
export const backends: Backend[] = hasSodium ? ['node', 'tweetnacl', 'sodium'] : ['node', 'tweetnacl'];

function canLoad(name: string): boolean {
  try {
    createRequire(import.meta.url)(name);
    return true;
  } catch {
    return false;
  }
}
