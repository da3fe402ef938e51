export { printLatex } from './latex-printer.js';
export { parseMathJson, printMathJson, toMathJson } from './mathjson.js';
export { SharedMathJson } from './shared-mathjson.js';
export { parseText } from './text-parser.js';
export { printText } from './text-printer.js';
