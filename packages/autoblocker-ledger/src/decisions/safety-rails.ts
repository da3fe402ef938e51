export type RailCode = 'SELF' | 'ALLOW_LIST' | 'BLAST_RADIUS' | 'RATE' | 'KNOWN_GOOD' | 'EXPIRY_REQUIRED';
/** Bounds of the rails. Each has a floor and a ceiling; none can be switched off. */
export interface RailLimits {
  /** New blocks in one minute, all scenarios together. Default 120, at most 10,000. */
  readonly blocksPerMinute: number;
  /** New blocks in one minute by one scenario. Default 60, at most 10,000. */
  readonly blocksPerMinuteOfScenario: number;
  /** Blocked IPv4 addresses in total, as a share of all. Default 0.001, at most 0.01. */
  readonly addressShare: number;
  /** Score that a target with a successful login in the last 24 hours must reach. Default 3, at least 2. */
  readonly knownGoodScore: number;
}
