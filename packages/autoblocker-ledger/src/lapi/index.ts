/**
 * CrowdSec's local API, read side: its bouncers enforce a ledger's decisions, unchanged.
 *
 * @module
 */

export type { Bouncer } from './bouncer-keys.js';
export { type LapiAddress, type LapiOptions, LapiServer, type ListeningLapi } from './lapi-server.js';
