export { GrokExpression } from './grok-expression.js';
export { SafePattern } from './safe-pattern.js';
