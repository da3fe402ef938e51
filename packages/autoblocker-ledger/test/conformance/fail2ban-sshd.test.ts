// fail2ban's own labelled lines of sshd: which ones are failures, of whom, and when. The level is what was measured, 86 of
// 97; it guards against getting worse, and was not set beforehand.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { requireCorpus } from '../../../../tools/test-requirements.mjs';
import { formatIpAddress, parseIpAddress } from '../../src/lookup/index.js';
import { LogLineParser } from '../../src/parsing/index.js';
import { type LabelledLine, labelledLines } from './labelled-lines.js';

const corpus = requireCorpus('fail2ban', 'it comes from github.com/fail2ban/fail2ban, GPL-2.0, read in place');

/**
 * Lines that fail2ban counts each as a failure. It also joins the lines of one connection (PAM's, the disconnect), which
 * are kinds of their own here; those are not compared.
 */
const failures = new Set([
  'authentication-failure',
  'client-authentication-failure',
  'connection-refused',
  'invalid-user',
  'pam-error',
  'user-not-allowed',
  'too-many-failures',
]);

function judge(text: string): { match: boolean; host?: string; time?: number } {
  // fail2ban dates its lines before 14 August 2005.
  const parser = new LogLineParser('sshd', { newestTime: () => Date.UTC(2005, 7, 13), utcOffsetMinutes: 0 });
  const event = parser.parse({ text, offset: 0, end: text.length, cut: false, garbled: false })?.event;
  if (event === undefined || !failures.has(event.kind)) return { match: false };
  return { match: true, host: (event.actor[0] as { value: string }).value, time: event.time };
}

describe.skipIf(!corpus.available)("fail2ban's labelled sshd lines", () => {
  const lines = (corpus.available ? labelledLines(join(corpus.folder, 'logs/sshd')) : []).filter(
    ({ modes, label }) => modes.includes('normal') && !label.constraint?.includes("== 'aggressive'"),
  );
  // A line without an address cannot be judged alone: fail2ban joins the lines of one connection.
  const named = lines.filter(({ text, label }) => label.host === undefined || text.includes(label.host));
  const byAddress = named.filter(({ label }) => label.host === undefined || parseIpAddress(label.host) !== undefined);

  /** The label takes the first of two addresses where OpenSSH writes the true one last. */
  const ambiguous = ({ label }: Pick<LabelledLine, 'label'>) => label.desc?.includes('auth-info') === true;

  it('agree for at least 88 % of the lines that name an address', () => {
    const disagreeing = byAddress.filter(({ text, label }) => {
      const judged = judge(text);
      const host = label.host === undefined ? undefined : formatIpAddress(parseIpAddress(label.host)!);
      return judged.match !== label.match || (label.match && judged.host !== host);
    });
    expect(byAddress.length).toBeGreaterThan(80);
    expect(1 - disagreeing.length / byAddress.length).toBeGreaterThanOrEqual(0.88);
  });

  it('never blame another address, and date what has no year as they do', () => {
    for (const { text, label } of byAddress) {
      const judged = judge(text);
      if (!judged.match || !label.match) continue;
      if (!ambiguous({ label }))
        expect([text, judged.host]).toEqual([text, formatIpAddress(parseIpAddress(label.host!)!)]);
      if (/^[A-Z]/.test(text))
        expect([text, new Date(judged.time!).toISOString().slice(0, 19)]).toEqual([text, label.time]);
    }
  });
});
