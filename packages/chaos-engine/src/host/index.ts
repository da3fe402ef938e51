export { type HostProbe, probeHost } from './host-probe.js';
export { compareSnapshots, type HostSnapshot, hostSnapshot, type SnapshotOptions } from './host-snapshot.js';
export { HostSurface, type HostSurfaceOptions } from './host-surface.js';
export { type TargetPolicy, type TargetPolicyInput, targetPolicySchema } from './target-policy.js';
