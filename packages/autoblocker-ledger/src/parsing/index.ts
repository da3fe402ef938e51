export { type LineParser, LogLineParser, type ParsedLine } from './log-line-parser.js';
export type { StampReading } from './syslog-header.js';
