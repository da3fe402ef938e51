/** The codes of the errors that shared-core itself throws. See the table in the architecture guide. */
export type CoreErrorCode =
  // governor
  | 'GovernorLimitsInvalid'
  | 'QueueFull'
  | 'MemoryLimit'
  | 'DeadlineExceeded'
  | 'OperationAborted'
  | 'GovernorClosed'
  // capabilities, sandbox
  | 'CapabilityDenied'
  | 'IsolateUnsupported'
  | 'IsolateLimit'
  | 'IsolateFailed'
  | 'Nondeterminism'
  // plugins
  | 'PluginUnknown'
  | 'PluginInputInvalid'
  | 'PluginOutputInvalid'
  | 'PluginFailed'
  | 'StripInvalid'
  | 'StripDuplicate'
  | 'StripRequirementUnmet'
  | 'IllegalTransition'
  | 'StripUnhealthy'
  // files
  | 'FileExists'
  | 'FileUnwritable'
  // crypto, transparency, durable-log
  | 'KeyInvalid'
  | 'LogLocked'
  | 'LogCorrupt'
  | 'LogUnavailable'
  | 'CheckpointFork'
  | 'EntryTooLarge'
  // config, graph
  | 'ConfigInvalid'
  | 'GraphCycle';
