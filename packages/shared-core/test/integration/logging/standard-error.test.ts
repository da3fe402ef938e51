import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

describe('a logger without a destination', () => {
  it('writes to standard error', () => {
    const program = `import { createLogger } from '@tenstrip/shared-core'; createLogger({ level: 'info' }).info('hello');`;
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
    });
    expect(child.stdout).toBe('');
    expect(child.stderr).toContain('"msg":"hello"');
  });
});
