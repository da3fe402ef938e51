export { TermDictionary } from './term-dictionary.js';
