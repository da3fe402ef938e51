// What an object does when it is used by one at a time: the specification that histories are judged against.

/** What {@link Model.step} gives when the object cannot answer so. */
export const illegal: unique symbol = Symbol('illegal');
/** What stands for the answer of an operation whose outcome is unknown. */
export const unknownResult: unique symbol = Symbol('unknown result');

/** An answer, or that there is none. */
export type Answer<Result> = Result | typeof unknownResult;

/**
 * A deterministic sequential object.
 *
 * Two laws that a model of your own must keep: `step` depends on its arguments alone and changes none of them; and where `step`
 * with a known answer is legal, `step` with {@link unknownResult} is legal too and leads to the same state.
 */
export interface Model<State = unknown, Operation = unknown, Result = unknown> {
  /** Shown in explanations. */
  readonly name: string;
  readonly initial: State;
  /** The state after `operation` was answered with `result`, or {@link illegal} when the object would not answer so. */
  step(state: State, operation: Operation, result: Answer<Result>): State | typeof illegal;
  /**
   * Whether the operation, answered so, changes no state, whatever the state. It is never branched on then, which makes the
   * search a great deal shorter. Must not be true when in doubt. Default: never.
   */
  readOnly?(operation: Operation, result: Answer<Result>): boolean;
  /**
   * The part of the object that the operation concerns, such as its key; parts are judged one by one (Herlihy and Wing: a
   * history is linearizable exactly when its parts are). `undefined`: it concerns everything, and nothing is divided.
   */
  partition?(operation: Operation): string | undefined;
  /** Equal for equal states and only for them. Default: by the structure of plain data. */
  key?(state: State): string | number;
  /** One operation for a reader, such as `write(3)`. Default: as JSON. */
  describe?(operation: Operation, result: Answer<Result>): string;
}
