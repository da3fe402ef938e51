export {
  type CompiledExpression,
  compileExpression,
  compileSyntax,
  type Evaluate,
  EvaluationFailure,
  type Scope,
  type Vocabulary,
} from './expression-compiler.js';
export { type DataFiles, type FunctionHost, ruleVocabulary, type Stash } from './expression-functions.js';
export { type Expression, parseExpression, type SyntaxProblem } from './expression-syntax.js';
export { parseGoDuration } from './go-duration.js';
export { goFloat, goText } from './go-format.js';
