export {
  type Capability,
  type CapabilityHandles,
  capabilities,
  type FileReading,
  type FileWriting,
  type Grants,
  type NativeLoading,
  type Networking,
  type ProgramRunning,
  type RunOptions,
  type SandboxPolicy,
} from './capability.js';
export { openCapability } from './open-capability.js';
