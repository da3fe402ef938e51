// Anchored expressions behind a substring each: a text that holds no rule's literal costs some searches and no expression.

/** One rule: `literal` stands in every text that `expression` matches. */
export interface LiteralRule<Rule> {
  readonly literal: string;
  /** Anchored at both ends, or at the start where the rest is of no interest. */
  readonly expression: RegExp;
  readonly rule: Rule;
}

/** Rules in order of precedence. */
export class LiteralPrefilter<Rule> {
  readonly #rules: readonly LiteralRule<Rule>[];

  constructor(rules: readonly LiteralRule<Rule>[]) {
    this.#rules = rules;
  }

  /** The first rule that matches, and its groups. */
  match(text: string): { readonly rule: Rule; readonly groups: RegExpExecArray } | undefined {
    for (const { literal, expression, rule } of this.#rules) {
      if (!text.includes(literal)) continue;
      const groups = expression.exec(text);
      if (groups !== null) return { rule, groups };
    }
    return undefined;
  }
}
