// Programs as JavaScript: one statement an instruction, so that no operator stands inside another and precedence cannot go wrong. Every
// name in it is made here; no text of a user's gets into it.

import type { FunctionName } from '../expression/index.js';
import { doubleOf, type Instruction, type Program } from './program.js';

const mathNames: Readonly<Record<FunctionName, string>> = {
  ...{ exp: 'exp', log: 'log', sin: 'sin', cos: 'cos', tan: 'tan', asin: 'asin', acos: 'acos', atan: 'atan' },
  ...{
    sinh: 'sinh',
    cosh: 'cosh',
    tanh: 'tanh',
    abs: 'abs',
    sign: 'sign',
    floor: 'floor',
    ceil: 'ceil',
    min: 'min',
    max: 'max',
  },
};

/** The source of a function expression: parameters in the program's order; one result as a number, more as an array. */
export function javascriptSource({ parameters, instructions, results }: Program): string {
  const lines: string[] = [];
  const names: string[] = [];
  instructions.forEach((instruction, at) => {
    const inline = inlineText(instruction);
    names.push(inline ?? `t${at}`);
    if (inline === undefined) lines.push(`  const t${at} = ${operationText(instruction, names)};`);
  });
  const values = results.map((result) => names[result]!);
  const given = parameters.map((_, index) => `p${index}`).join(', ');
  lines.push(`  return ${values.length === 1 ? values[0] : `[${values.join(', ')}]`};`);
  return `function (${given}) {\n  'use strict';\n${lines.join('\n')}\n}`;
}

/** Parameters and numbers stand where they are used. */
function inlineText(instruction: Instruction): string | undefined {
  switch (instruction.operation) {
    case 'parameter':
      return `p${instruction.index}`;
    case 'number':
      return literal(doubleOf(instruction.value));
    case 'pi':
      return 'Math.PI';
    default:
      return undefined;
  }
}

function literal(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '(-Infinity)';
  return value < 0 ? `(${value})` : `${value}`;
}

function operationText(instruction: Instruction, names: readonly string[]): string {
  switch (instruction.operation) {
    case 'add':
      return `${names[instruction.left]} + ${names[instruction.right]}`;
    case 'subtract':
      return `${names[instruction.left]} - ${names[instruction.right]}`;
    case 'multiply':
      return `${names[instruction.left]} * ${names[instruction.right]}`;
    case 'divide':
      return `${names[instruction.left]} / ${names[instruction.right]}`;
    case 'power':
      return `Math.pow(${names[instruction.left]}, ${names[instruction.right]})`;
    case 'negate':
      return `-${names[instruction.operand]}`;
    case 'root':
      return `Math.sqrt(${names[instruction.operand]})`;
    case 'call':
      return `Math.${mathNames[instruction.name]}(${instruction.operands.map((operand) => names[operand]).join(', ')})`;
    default:
      throw new TypeError(`${instruction.operation} stands where it is used`);
  }
}
