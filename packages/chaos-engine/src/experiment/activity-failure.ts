// Why an activity did not succeed. It is data of the journal and leaves the runner in no other way.

/** An activity failed. */
export class ActivityFailure extends Error {}

/** What to say of an error. */
export function failureText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
