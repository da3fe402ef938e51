// The types of test-disk.mjs, for tests in TypeScript.
import type { Requirement } from './test-requirements.mjs';

/** A disk to fill; not available where nothing can be mounted. */
export interface SmallDisk extends Requirement {
  readonly folder: string;
  /** Fills the disk with a file, and leaves so many pages of 4 KiB. */
  fill(freePages: number): void;
  /** Removes that file. */
  makeRoom(): void;
}

/** Mounts a disk; it is gone after the file's last test. */
export function smallDisk(sizeBytes: number): SmallDisk;
