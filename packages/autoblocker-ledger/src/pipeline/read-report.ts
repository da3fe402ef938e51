// What a reading of logs did, in counts that add up: lines = events + recognised + unrecognised.

import type { ErrorJson } from '@tenstrip/shared-core';

/** How time stamps are read that do not say everything. */
export interface StampOptions {
  /**
   * The zone of time stamps that name none: minutes east of UTC, or `'local'`.
   * Default `'local'`, and UTC when the governor is deterministic.
   */
  readonly utcOffsetMinutes?: number | 'local';
  /** Dates without a year are given the newest year that is not after this. Default: the file's modification time, else now. */
  readonly newestTime?: number;
}

/** Options of `readLogs` and `follow`. */
export interface ReadLogsOptions extends StampOptions {
  /** Ends the reading at the next line; what was read before it is kept. */
  readonly signal?: AbortSignal;
  /** Called after every batch of lines: once for each 32 KiB of a file, or less where no more has come. */
  readonly onProgress?: (progress: ReadProgress) => void;
}

/** How far a reading is. */
export interface ReadProgress {
  /** The file that the last batch came from. */
  readonly path: string;
  /** Bytes read of all files since the reading began, and their size at the start (0 when it cannot be known). */
  readonly bytesRead: number;
  readonly bytesTotal: number;
  readonly lines: number;
  readonly events: number;
  readonly decisions: number;
}

/** What was read of one file. */
export interface SourceReport {
  readonly path: string;
  readonly lines: number;
  /** Lines that became events. */
  readonly events: number;
  /** Lines of a known program that are of no interest here. */
  readonly recognised: number;
  /** Lines that no parser knows. */
  readonly unrecognised: number;
  /** Lines longer than 8 KiB; they were cut. */
  readonly cut: number;
  /** Lines with NUL or bytes that are no UTF-8. */
  readonly garbled: number;
  readonly bytes: number;
  /** Where the reading began: not 0 when an earlier one had come that far. */
  readonly resumedAt: number;
  /** Rotations and truncations that were met. */
  readonly rotations: number;
}

/** What a reading did. */
export interface ReadReport {
  readonly sources: readonly SourceReport[];
  /** Files that could not be read, each with the reason. */
  readonly skipped: readonly { readonly path: string; readonly error: ErrorJson }[];
  readonly lines: number;
  readonly bytes: number;
  /** Events by parser, such as `sshd` and `http-access`. */
  readonly parsers: Readonly<Record<string, number>>;
  readonly events: number;
  /** Overflowed buckets by scenario. */
  readonly overflows: Readonly<Record<string, number>>;
  readonly decided: number;
  readonly extended: number;
  readonly reviews: number;
  /** Refusals by rail. */
  readonly refused: Readonly<Record<string, number>>;
  /** Time of the first and last event, in milliseconds since 1970. */
  readonly firstEventTime: number | undefined;
  readonly lastEventTime: number | undefined;
  readonly checkpoint: string;
}
