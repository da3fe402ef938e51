export {
  type CompiledExpression,
  compileExpression,
  compileSyntax,
  type Evaluate,
  EvaluationFailure,
  madeField,
  type Scope,
  type Vocabulary,
} from './expression-compiler.js';
export { type DataFiles, ruleVocabulary } from './expression-functions.js';
export type { Expression } from './expression-syntax.js';
export { parseGoDuration } from './go-duration.js';
export { goFloat } from './go-format.js';
export { StringMap } from './string-map.js';
