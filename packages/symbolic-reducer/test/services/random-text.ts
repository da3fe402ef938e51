// Random expressions as text, from a seed: what is not defined anywhere is among them.
import type { RandomSource } from '@tenstrip/shared-core';

/** Which operations a random text has. */
export interface TextShape {
  readonly names: readonly string[];
  /** Names of functions of one argument. */
  readonly functions?: readonly string[];
  readonly operations: number;
}

/** An expression with about so many operations. */
export function randomText(random: RandomSource, { names, functions = [], operations }: TextShape): string {
  if (operations <= 0) {
    return random.integer(0, 2) === 0 ? `${random.integer(0, 9)}` : names[random.integer(0, names.length - 1)]!;
  }
  const part = (size: number) => randomText(random, { names, functions, operations: size });
  const kind = random.integer(0, functions.length > 0 ? 9 : 7);
  if (kind >= 8) return `${functions[random.integer(0, functions.length - 1)]}(${part(operations - 1)})`;
  if (kind === 7) return `(${part(operations - 1)})^${random.integer(0, 3) === 0 ? '(-1)' : random.integer(1, 3)}`;
  if (kind === 6) return `-(${part(operations - 1)})`;
  const left = random.integer(0, operations - 1);
  const [a, b] = [part(left), part(operations - 1 - left)];
  const operator = ['+', '+', '-', '*', '*', '/'][kind]!;
  return `(${a})${operator}(${b})`;
}

/** The same value written in another way: shuffled, multiplied out or by a disguised 1, with a disguised 0. */
export function disguised(random: RandomSource, text: string, names: readonly string[]): string {
  const name = names[random.integer(0, names.length - 1)]!;
  const number = random.integer(1, 9);
  switch (random.integer(0, 5)) {
    case 0:
      return `((${text})*(${name}^2-${number ** 2}))/((${name}-${number})*(${name}+${number}))`;
    case 1:
      return `(${text})+(${name}+${number})^2-${name}^2-${2 * number}*${name}-${number ** 2}`;
    case 2:
      return `((${text})^2-${number ** 2})/((${text})+${number})+${number}`;
    case 3:
      return `-(${number}-(${text}))+${number}`;
    case 4:
      return `((${text})*(${name}+${number})+(${text})*(${number}-${name}))/${2 * number}`;
    default:
      return `1/(1/(${text}))`;
  }
}

/** Some other value, which is nearly never the same. */
export function changed(random: RandomSource, text: string, names: readonly string[]): string {
  const name = names[random.integer(0, names.length - 1)]!;
  switch (random.integer(0, 3)) {
    case 0:
      return `(${text})+1/${random.integer(1, 1_000_000)}`;
    case 1:
      return `(${text})*(1+${name}/${random.integer(2, 1_000_000)})`;
    case 2:
      return `(${text})-${name}*(${name}-1)*(${name}-2)`;
    default:
      return `(${text})^2`;
  }
}
