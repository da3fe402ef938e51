// Engines compile methods for the hidden classes of the objects that they meet, and V8 throws the code away when a garbage collection
// finds no object of such a class alive. Between two reductions there is none, so after each collection everything would run
// interpreted for hundreds of reductions. One small example of each class that is at work stays alive for that.

const examples: object[] = [];

/** Keeps one example of its class alive, for the life of the process. @internal */
export function keepShape(example: object): void {
  examples.push(example);
}
