export { Numbering } from './numbering.js';
export { TermDictionary } from './term-dictionary.js';
