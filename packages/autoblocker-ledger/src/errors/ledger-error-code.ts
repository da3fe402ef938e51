/** The codes of the errors that this package throws on purpose. A rail's refusal is data, not an error: see `RailCode`. */
export type LedgerErrorCode =
  /** A text is no IP address, prefix or other block target. `details.value` */
  | 'TargetInvalid'
  /** An event from outside does not have the shape of a `SecurityEvent`. `details.issues` */
  | 'EventInvalid'
  /** A scenario's thresholds make no sense, or its name is another's: then `details.places`. `details.scenario` */
  | 'ScenarioInvalid'
  /** A rule uses what is not supported. `details.file`, `line`, `rule`, `construct`, `problem` */
  | 'RuleUnsupported'
  /** Options or a request are wrong. `details.issues` */
  | 'OptionsInvalid'
  /** A batch was taken before under this name with other content. `details.batch` */
  | 'BatchReused'
  /** A log file is missing, a directory, or may not be read. `details.path` */
  | 'SourceUnreadable'
  /** The signing key of a ledger folder is missing, damaged, or not the one that is pinned. `details.path` */
  | 'SigningKeyInvalid'
  /** No decision has this id. `details.id` */
  | 'DecisionUnknown'
  /** An entry of the ledger cannot be read as what it says it is. `details.index` */
  | 'EntryInvalid'
  /** A folder holds no ledger. `details.folder` */
  | 'LedgerMissing'
  /** What blocks in the outside world cannot be reached or refused its work. Retryable. `details.enforcer` */
  | 'EnforcerUnavailable'
  /** The ledger was closed, or its log failed for good and it takes no more. A full disk is `LogUnavailable` of shared-core. */
  | 'LedgerClosed';
