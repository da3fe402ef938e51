/** The codes of the errors that this package throws on purpose. A verdict of a checker is data, not an error. */
export type ChaosErrorCode =
  /** An experiment does not have the shape of one. `details.issues` */
  | 'ExperimentInvalid'
  /** Options, a fault, a target or a request are wrong. `details.issues` */
  | 'OptionsInvalid'
  /** This surface, or this host, cannot inject such a fault. `details.kind`, `details.missing` */
  | 'FaultUnsupported'
  /** A target outside what the policy allows. `details.target` */
  | 'TargetDenied'
  /** More targets at once than the policy allows. `details.asked`, `details.allowed` */
  | 'BlastRadiusExceeded'
  /** No such target, or it is gone. `details.target` */
  | 'TargetUnknown'
  /** A fault of this kind on this target is active already. `details.target` */
  | 'TargetBusy'
  /** An undo did not work; it stays in the journal. Retryable. `details.undo` */
  | 'RevertFailed'
  /** The journal of leases cannot be read or written. `details.path` */
  | 'JournalUnavailable'
  /** The process that undoes faults when the engine is gone cannot be started or reached. Retryable. */
  | 'ReaperUnavailable'
  /** Code in a simulated world reached real time, real I/O, chance or threads. `details.api`, `details.node`, `details.stack` */
  | 'Nondeterminism'
  /** A simulation ran beyond its bound on events or virtual time, or nothing can happen any more. `details.bound` */
  | 'WorldExhausted'
  /** A second simulation was started in a thread that runs one. */
  | 'WorldBusy'
  /** A trace cannot be replayed: another format, version or scenario. `details.problem` */
  | 'TraceInvalid'
  /** A history is not one: a completion without invocation, two open operations of a process. `details.index` */
  | 'HistoryMalformed'
  /** A proxy cannot listen or reach its upstream, or a name is taken. `details.proxy` */
  | 'ProxyUnavailable'
  /** The engine was closed. */
  | 'EngineClosed';
