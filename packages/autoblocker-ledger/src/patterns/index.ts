export { GrokExpression } from './grok-expression.js';
export { internedName } from './interned-name.js';
export { SafePattern } from './safe-pattern.js';
