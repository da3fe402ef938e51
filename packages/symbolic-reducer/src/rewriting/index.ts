export { type Match, Matcher, type Substitution } from './match.js';
export { type Rewriting, type Rewritten, rewrite, rewritingCertificate } from './rewrite.js';
export { type Rule, RuleSet, type RuleSetOptions, type RuleText, satisfies } from './rule-set.js';
