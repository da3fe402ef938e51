export { Matcher } from './match.js';
export { rewrite, rewritingCertificate } from './rewrite.js';
export { type Rule, RuleSet, type RuleSetOptions, type RuleText } from './rule-set.js';
