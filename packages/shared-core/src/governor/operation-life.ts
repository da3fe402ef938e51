// The life of an operation, in order: is its governor open, is it stopped already, is there room in the queue, is there
// memory, I/O tokens, a slot; then the body; then everything is given back and the next one starts.
import { isTenstripError } from '../errors/index.js';
import { checkSpec, GovernedOperation } from './governed-operation.js';
import type { GovernorNode } from './governor-node.js';
import type { OperationContext, OperationSpec, Permit } from './operation.js';
import { governorClosed, queueFull } from './refusals.js';
import type { ResourceGovernor } from './resource-governor.js';

type Body<T> = (op: OperationContext) => T | Promise<T>;

/** Runs `body` under a permit of its own. */
export function runPermitted<T>(
  governor: ResourceGovernor,
  node: GovernorNode,
  spec: OperationSpec | string,
  body: Body<T>,
  parent?: GovernedOperation,
): Promise<T> {
  try {
    checkBody(body);
    const op = newOperation(governor, node, 'permitted', spec, parent);
    if (admit(op) && node.departing === 0) return start(op, body);
    return new Promise((resolve, reject) => {
      whenAdmitted(op, () => resolve(startInTurn(node, () => execute(op, body))), reject);
    });
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Runs `body` for the operation or context `parent`: under its permit, or under a new one where it has none. */
function runNested<T>(parent: GovernedOperation, spec: OperationSpec | string, body: Body<T>): Promise<T> {
  const { governor, node, kind } = parent;
  if (kind === 'background') return runPermitted(governor, node, spec, body, parent);
  try {
    checkBody(body);
    const op = newOperation(governor, node, 'nested', spec, parent);
    const tokens = admitNested(op);
    return tokens === undefined ? execute(op, body) : tokens.then(() => execute(op, body));
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Waits for a permit and hands it out. */
export function acquirePermit(
  governor: ResourceGovernor,
  node: GovernorNode,
  spec: Partial<OperationSpec>,
): Promise<Permit> {
  return new Promise((resolve, reject) => {
    const op = newOperation(governor, node, 'permitted', spec);
    admit(op);
    whenAdmitted(op, () => void startInTurn(node, () => handOut(op, resolve, reject)), reject);
  });
}

/** A permit at once, or none. */
export function tryPermit(
  governor: ResourceGovernor,
  node: GovernorNode,
  spec: Partial<OperationSpec>,
): Permit | undefined {
  checkSpec(spec); // before the answer: also who would have to wait hears of it
  const { tree } = node;
  const nowMs = tree.clock.monotonicMs();
  const mustWait =
    tree.io.mustWait(node, spec.ioOps ?? 0, spec.ioBytes ?? 0, nowMs) ||
    tree.admission.mustWait(node) ||
    tree.checkpoints.mustWait(node, nowMs);
  if (mustWait && node.state === 'running') return undefined;
  const op = newOperation(governor, node, 'permitted', spec);
  admit(op);
  begin(op);
  const permit = new HeldPermit(op);
  void node.limiter?.(() => permit.released);
  return permit;
}

/** A context without a permit: background work, and the default of ungoverned calls. */
export function backgroundContext(
  governor: ResourceGovernor,
  node: GovernorNode,
  spec: Partial<OperationSpec>,
): GovernedOperation {
  return new GovernedOperation(governor, node, 'background', spec, undefined, node.tree.clock.monotonicMs(), runNested);
}

function checkBody(body: unknown): void {
  if (typeof body !== 'function')
    throw new TypeError(`run(spec, body): body is ${typeof body}; give the function to run`);
}

function newOperation(
  governor: ResourceGovernor,
  node: GovernorNode,
  kind: 'permitted' | 'nested',
  spec: Partial<OperationSpec> | string,
  parent?: GovernedOperation,
): GovernedOperation {
  const fields = typeof spec === 'string' ? { name: spec } : spec;
  return new GovernedOperation(governor, node, kind, fields, parent, node.tree.clock.monotonicMs(), runNested);
}

/** Lets `op` in; `false` when it must wait. @throws why it is refused */
function admit(op: GovernedOperation): boolean {
  const { node, spec, calledAtMs } = op;
  const { tree } = node;
  const ops = spec.ioOps ?? 0;
  const bytes = spec.ioBytes ?? 0;
  try {
    if (node.state !== 'running') throw governorClosed(node.name, op.name, node.state);
    op.throwIfStopping(calledAtMs);
    const mustWait = tree.io.mustWait(node, ops, bytes, calledAtMs) || tree.admission.mustWait(node);
    if (mustWait) refuseFullQueue(op);
    op.reserveForBody();
    if (mustWait) return false;
  } catch (error) {
    turnAway(op, error);
    throw error;
  }
  tree.io.take(node, ops, bytes);
  tree.admission.take(op);
  return true;
}

function refuseFullQueue(op: GovernedOperation): void {
  for (let node: GovernorNode | undefined = op.node; node !== undefined; node = node.parent) {
    if (node.waiting >= node.maxQueue) throw queueFull(node.name, op.name, node.waiting, node.maxQueue);
  }
}

/**
 * Calls `admitted` once `op` has its tokens and its slot: tokens first; deterministic the other way round, since there
 * the one slot keeps the order of submission.
 */
function whenAdmitted(op: GovernedOperation, admitted: () => void, refused: (error: unknown) => void): void {
  if (op.hasSlot) {
    admitted();
    return;
  }
  const { node, spec } = op;
  const { tree } = node;
  const ops = spec.ioOps ?? 0;
  const bytes = spec.ioBytes ?? 0;
  let hasTokens = false;
  const cancelled = (error: unknown): void => {
    turnAway(op, error);
    refused(error);
    if (hasTokens) tree.io.giveBack(node, ops, bytes);
  };
  const enterSlots = (granted: () => void): void => {
    const wait = tree.admission.enter(op, { granted, cancelled });
    if (wait !== undefined) op.watch(wait);
  };
  const enterIo = (then: () => void): void => {
    const granted = (): void => {
      hasTokens = true;
      then();
    };
    const wait = tree.io.enter(op, ops, bytes, { granted, cancelled });
    if (wait !== undefined) op.watch(wait);
  };
  op.startWaiting();
  if (tree.isDeterministic) enterSlots(() => enterIo(admitted));
  else enterIo(() => enterSlots(admitted));
  tree.wakeTime();
}

/** As {@link admit} for work under the permit of another operation: no slot and no queue for it. */
function admitNested(op: GovernedOperation): Promise<void> | undefined {
  const { node, spec, calledAtMs } = op;
  try {
    op.throwIfStopping(calledAtMs);
    op.reserveForBody();
    const tokens = node.tree.io.enter(op, spec.ioOps ?? 0, spec.ioBytes ?? 0);
    if (tokens === undefined) return undefined;
    return op.waitFor(tokens).catch((error: unknown) => {
      turnAway(op, error);
      throw error;
    });
  } catch (error) {
    turnAway(op, error);
    throw error;
  }
}

/** `op` is not let in: it holds nothing from here on. */
function turnAway(op: GovernedOperation, error: unknown): void {
  const { totals } = op.node;
  if (op.stopReason === undefined) totals.refused++;
  else totals.aborted++;
  op.stopWaiting();
  op.giveBack();
  decide(op, codeOf(error));
  leaveSlot(op);
}

/** Starts the body at once; p-limit does where concurrency is limited. */
function start<T>(op: GovernedOperation, body: Body<T>): Promise<T> {
  const { limiter } = op.node;
  return limiter === undefined ? execute(op, body) : limiter(execute<T>, op, body);
}

/** Starts what came from the queue: in the order of admission, and not within the call that let it in. */
function startInTurn<T>(node: GovernorNode, work: () => Promise<T>): Promise<T> {
  const { limiter } = node;
  if (limiter !== undefined) return limiter(work);
  node.departing++;
  return Promise.resolve().then(() => {
    node.departing--;
    return work();
  });
}

async function execute<T>(op: GovernedOperation, body: Body<T>): Promise<T> {
  let result: T;
  try {
    begin(op);
    const gate = passGate(op);
    if (gate !== undefined) await gate;
    result = await body(op);
  } catch (error) {
    throw fail(op, error);
  }
  complete(op);
  return result;
}

/** Starts an operation without a body: it ends when its permit is disposed, which p-limit waits for. */
async function handOut(
  op: GovernedOperation,
  resolve: (permit: Permit) => void,
  reject: (error: unknown) => void,
): Promise<void> {
  try {
    begin(op);
    const gate = passGate(op);
    if (gate !== undefined) await gate;
    const permit = new HeldPermit(op);
    resolve(permit);
    return permit.released;
  } catch (error) {
    reject(fail(op, error));
  }
}

class HeldPermit implements Permit {
  readonly op: GovernedOperation;
  readonly released: Promise<void>;
  #release: () => void = () => {};

  constructor(op: GovernedOperation) {
    this.op = op;
    this.released = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  [Symbol.dispose](): void {
    if (this.op.hasEnded) return;
    if (this.op.stopReason === undefined) complete(this.op);
    else abandon(this.op);
    this.#release();
  }
}

/** The body starts. @throws why it is stopped, if it was since it was let in */
function begin(op: GovernedOperation): void {
  const { node } = op;
  const { tree } = node;
  const nowMs = op.hasWaited ? tree.clock.monotonicMs() : op.calledAtMs;
  op.throwIfStopping(nowMs);
  if (op.hasWaited) node.totals.queue.record(nowMs - op.calledAtMs);
  else node.totals.queue.recordZero();
  op.isAdmitted = true;
  node.totals.admitted++;
  decide(op, 'start');
  tree.wakeTime();
  op.startedAtMs = tree.slices.begin(op, nowMs);
}

/** A promise while the body may not run yet: its governor is paused, or a CPU cap is in debt. */
function passGate(op: GovernedOperation): Promise<void> | undefined {
  return op.node.tree.isGuarded ? op.passGate(op.startedAtMs) : undefined;
}

/** The body ended well. */
function complete(op: GovernedOperation): void {
  op.node.totals.completed++;
  finish(op, 'completed');
}

/** The work under a permit was stopped before it was given back. */
function abandon(op: GovernedOperation): void {
  op.node.totals.aborted++;
  finish(op, codeOf(op.stopError));
}

/** The body threw `error`; gives the error to throw on: why it was stopped, where that is what made it fail. */
function fail(op: GovernedOperation, error: unknown): unknown {
  const { totals, tree } = op.node;
  const isStop = op.look(tree.clock.monotonicMs()) !== undefined && (isAbortError(error) || isStopError(error));
  const thrown = isStop && isAbortError(error) ? op.stopError : error;
  if (isStop) totals.aborted++;
  else totals.failed++;
  finish(op, codeOf(thrown));
  return thrown;
}

/** Gives everything back and lets the next one in. */
function finish(op: GovernedOperation, verdict: string): void {
  const nowMs = op.node.tree.clock.monotonicMs();
  if (op.isAdmitted) op.node.totals.run.record(nowMs - op.startedAtMs);
  op.finish(nowMs);
  op.node.tree.lastEnded = op;
  decide(op, verdict);
  leaveSlot(op);
}

function leaveSlot(op: GovernedOperation): void {
  if (!op.hasSlot) return;
  op.hasSlot = false;
  op.node.tree.admission.leave(op.node);
}

function isAbortError(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

function isStopError(error: unknown): boolean {
  return isTenstripError(error, 'OperationAborted', 'DeadlineExceeded');
}

function codeOf(error: unknown): string {
  if (isTenstripError(error)) return error.code;
  return error instanceof Error ? error.name : typeof error;
}

/** Adds to the digest of a deterministic tree: who, where, what, and at what virtual time. */
function decide(op: GovernedOperation, verdict: string): void {
  const { node } = op;
  node.tree.digest?.add(node.name, op.kind, op.name, verdict, node.tree.clock.monotonicMs());
}
