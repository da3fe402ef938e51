/** Counts bytes against a cap. */
export interface ByteMeter {
  /** @throws TenstripError `CapacityExceeded` */
  grow(bytes: number): void;
}
