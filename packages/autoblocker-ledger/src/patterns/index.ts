export { GrokExpression } from './grok-expression.js';
export { type PatternMatch, SafePattern } from './safe-pattern.js';
