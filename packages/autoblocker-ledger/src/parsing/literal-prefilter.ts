// Anchored expressions behind a substring each: a text that holds no rule's literal costs some searches and no expression.

/** One rule: `literal` stands in every text that `expression` matches. */
export interface LiteralRule<Rule> {
  readonly literal: string;
  /** Anchored at both ends, or at the start where the rest is of no interest. Groups may have names. */
  readonly expression: string;
  readonly rule: Rule;
}

/** A rule that matched. */
export interface LiteralMatch<Rule> {
  readonly rule: Rule;
  /** The text of a named group, if it took part. */
  group(name: string): string | undefined;
}

interface CompiledRule<Rule> {
  readonly literal: string;
  readonly expression: RegExp;
  /** Names of the groups, in order. V8 builds an object for named groups, which costs more than the match. */
  readonly names: readonly string[];
  readonly rule: Rule;
}

/** Rules in order of precedence. */
export class LiteralPrefilter<Rule> {
  readonly #rules: readonly CompiledRule<Rule>[];

  constructor(rules: readonly LiteralRule<Rule>[]) {
    this.#rules = rules.map(({ literal, expression, rule }) => ({
      literal,
      expression: new RegExp(expression.replace(namedGroup, '(')),
      names: Array.from(expression.matchAll(namedGroup), (match) => match[1]!),
      rule,
    }));
  }

  /** The first rule that matches. */
  match(text: string): LiteralMatch<Rule> | undefined {
    for (const { literal, expression, names, rule } of this.#rules) {
      if (!text.includes(literal)) continue;
      const groups = expression.exec(text);
      if (groups === null) continue;
      const group = (name: string) => (names.includes(name) ? groups[names.indexOf(name) + 1] : undefined);
      return { rule, group };
    }
    return undefined;
  }
}

const namedGroup = /\(\?<([a-z]\w*)>/gi;
