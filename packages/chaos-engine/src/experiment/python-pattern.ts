// Patterns of experiment files are Python's (`re`): what its syntax has and ECMAScript writes otherwise is translated.

/** The same pattern for ECMAScript. @throws SyntaxError */
export function compilePythonPattern(pattern: string): RegExp {
  let source = pattern;
  let flags = '';
  // Flags for the whole pattern stand at its beginning.
  const leading = /^\(\?([aimsux]+)\)/.exec(source);
  if (leading !== null) {
    const [whole, letters = ''] = leading;
    if (letters.includes('x')) throw new SyntaxError('verbose patterns, (?x), are not supported');
    source = source.slice(whole.length);
    flags = ['i', 'm', 's'].filter((flag) => letters.includes(flag)).join('');
  }
  source = source.replace(/\\[\s\S]|\(\?P<(\w+)>|\(\?P=(\w+)\)/g, (found, group?: string, back?: string) => {
    if (group !== undefined) return `(?<${group}>`;
    if (back !== undefined) return `\\k<${back}>`;
    if (found === '\\A') return '(?<![\\s\\S])';
    return found === '\\Z' ? '(?![\\s\\S])' : found;
  });
  return new RegExp(source, flags);
}
