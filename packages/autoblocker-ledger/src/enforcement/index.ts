export {
  type EnforcementHealth,
  EnforcementLoop,
  type EnforcementOptions,
} from './enforcement-loop.js';
export { dryRun, type EnforcementBatch, type Enforcer, type NetworkBlock } from './enforcer.js';
export {
  type ConnectMiddleware,
  type FastifyLike,
  type FastifyReplyLike,
  HttpProtection,
  type HttpProtectionOptions,
  type HttpRefusal,
} from './http-protection.js';
export { NftablesEnforcer, type NftablesOptions } from './nftables-enforcer.js';
