export { LogLineParser } from './log-line-parser.js';
