/** Counts bytes against a cap. */
export interface ByteMeter {
  /** @throws TenstripError `CapacityExceeded` */
  grow(bytes: number): void;
  /** Counts bytes that are not needed yet; not when that would exceed the cap. @returns whether they were counted */
  tryGrow(bytes: number): boolean;
}
