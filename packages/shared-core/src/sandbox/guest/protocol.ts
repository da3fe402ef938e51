// What host and guest say to each other. One call at a time; while it runs the guest may ask the host to use a granted
// capability. The host believes nothing that a guest says beyond the shape that it checks itself.

/** Time and seed of one call in a deterministic isolate. */
export interface CallWorld {
  seed: Uint8Array;
  nowMs: number;
  monotonicMs: number;
}

/** From the host. */
export type HostMessage =
  | {
      type: 'boot';
      module: string;
      deterministic: boolean;
      maxMessageBytes: number;
      capabilities: string[];
      environment: Record<string, string>;
    }
  | { type: 'call'; call: number; name: string; input: unknown; world?: CallWorld }
  | { type: 'answer'; request: number; value: unknown }
  | { type: 'refusal'; request: number; error: GuestError };

/** From the guest. */
export type GuestMessage =
  | { type: 'ready' }
  | { type: 'result'; call: number; value: unknown; elapsedMs: number }
  | { type: 'failed'; call: number; error: GuestError }
  | { type: 'request'; request: number; capability: string; method: string; args: unknown[] };

/** An error as it crosses the channel: texts only. `attempted` names what the isolate refused. */
export interface GuestError {
  name: string;
  message: string;
  code?: string;
  attempted?: string;
}

/** Host requests that one guest may have open at a time. */
export const maxOpenRequests = 16;

/** Longest text of a {@link GuestError}, in UTF-16 units. */
export const maxErrorText = 2000;
