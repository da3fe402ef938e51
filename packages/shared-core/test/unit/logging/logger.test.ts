import { afterEach, describe, expect, it, vi } from 'vitest';
import { isTenstripError, TenstripError } from '../../../src/errors/index.js';
import { createLogger } from '../../../src/logging/index.js';
import { redactedKeys, redactionDepth } from '../../../src/logging/logger.js';

/** What a logger wrote: raw text, and its lines parsed. */
function recorder() {
  const written: string[] = [];
  return {
    destination: { write: (line: string) => void written.push(line) },
    get text() {
      return written.join('');
    },
    get lines() {
      return written.map((line) => JSON.parse(line) as Record<string, unknown>);
    },
  };
}

/** `{ a: { a: { [key]: value } } }` with `key` at `depth`. */
function nested(key: string, depth: number, value: unknown): Record<string, unknown> {
  return depth === 1 ? { [key]: value } : { a: nested(key, depth - 1, value) };
}

afterEach(() => vi.unstubAllEnvs());

describe('createLogger', () => {
  it('writes one JSON line an event with its name', () => {
    const out = recorder();
    createLogger({ name: 'ledger', level: 'info', destination: out.destination }).info({ events: 3 }, 'recorded');
    expect(out.lines).toMatchObject([{ name: 'ledger', level: 30, events: 3, msg: 'recorded' }]);
  });

  it('is quiet by default: warnings and errors only', () => {
    vi.stubEnv('TENSTRIP_LOG_LEVEL', '');
    const out = recorder();
    const logger = createLogger({ destination: out.destination });
    logger.debug('no');
    logger.info('no');
    logger.warn('yes');
    expect(out.lines.map((line) => line.msg)).toEqual(['yes']);
  });

  it('takes its level from TENSTRIP_LOG_LEVEL, and from the option first', () => {
    vi.stubEnv('TENSTRIP_LOG_LEVEL', 'debug');
    expect(createLogger().level).toBe('debug');
    expect(createLogger({ level: 'error' }).level).toBe('error');
  });

  it('refuses a level that does not exist and says where it came from', () => {
    vi.stubEnv('TENSTRIP_LOG_LEVEL', 'loud');
    expect(() => createLogger()).toThrow(/"loud" \(environment variable TENSTRIP_LOG_LEVEL\); use one of trace, debug/);
    expect(() => createLogger({ level: 'Info' })).toThrow(/"Info" \(option level\)/);
    try {
      createLogger();
    } catch (error) {
      expect(isTenstripError(error, 'ConfigInvalid')).toBe(true);
    }
  });
});

describe('redaction', () => {
  it.each(redactedKeys)('censors %s at every depth down to the documented one', (key) => {
    const out = recorder();
    const logger = createLogger({ level: 'info', destination: out.destination });
    for (let depth = 1; depth <= redactionDepth; depth++) {
      logger.info(nested(key, depth, 'LEAK'), 'text');
      logger.info(nested(key, depth, { inside: ['LEAK'] }), 'object');
    }
    expect(out.text).not.toContain('LEAK');
    expect(out.lines).toHaveLength(2 * redactionDepth);
  });

  it('leaves what is deeper, as documented', () => {
    const out = recorder();
    createLogger({ level: 'info', destination: out.destination }).info(nested('secret', redactionDepth + 1, 'LEAK'));
    expect(out.text).toContain('LEAK');
  });

  it('censors inside arrays, request headers, child bindings and properties of errors', () => {
    const out = recorder();
    const logger = createLogger({ level: 'info', destination: out.destination });
    logger.info({ users: [{ name: 'ada', password: 'LEAK' }] });
    logger.info({ request: { headers: { authorization: 'Bearer LEAK' } } });
    logger.child({ token: 'LEAK', session: { key: 'LEAK' } }).info('child');
    logger.child({ strip: 'x' }).info({ secret: 'LEAK' });
    logger.error({ err: Object.assign(new Error('refused'), { password: 'LEAK' }) });
    logger.error(new TenstripError('KeyInvalid', 'the key is short', { details: { secret: 'LEAK' } }));
    expect(out.lines).toHaveLength(6);
    expect(out.text).not.toContain('LEAK');
    expect(out.lines[0]).toMatchObject({ users: [{ name: 'ada', password: '[redacted]' }] });
  });

  it('does not change the logged object', () => {
    const logger = createLogger({ level: 'info', destination: recorder().destination });
    const logged = { secret: 'mine', deep: { token: 'mine' } };
    logger.info(logged);
    expect(logged).toEqual({ secret: 'mine', deep: { token: 'mine' } });
  });
});
