// fail2ban's own labelled lines of Dovecot and of Postfix's SASL logins: which ones are failures, and of whom.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { requireCorpus } from '../../../../tools/test-requirements.mjs';
import { LogLineParser } from '../../src/parsing/index.js';
import { labelledLines } from './labelled-lines.js';

const corpus = requireCorpus('fail2ban', 'it comes from github.com/fail2ban/fail2ban, GPL-2.0, read in place');

function blamed(text: string): string | undefined {
  const parser = new LogLineParser('mail', { newestTime: () => Date.UTC(2005, 7, 13), utcOffsetMinutes: 0 });
  const event = parser.parse({ text, offset: 0, end: text.length, cut: false, garbled: false })?.event;
  return event?.outcome === 'failure' ? (event.actor[0] as { value: string }).value : undefined;
}

/** Debian's services log through syslog; other places of logging have other headers. */
const isSyslog = (text: string) => /^[A-Z][a-z]{2} +\d+ [\d:]{8} [\w.-]+ (?:dovecot|auth|postfix)[^:]*: /.test(text);

describe.skipIf(!corpus.available)("fail2ban's labelled lines of mail", () => {
  const of = (file: string, mode: string) =>
    (corpus.available ? labelledLines(join(corpus.folder, 'logs', file)) : [])
      .filter(({ modes, text }) => modes.includes(mode) && isSyslog(text))
      .map(({ text, label }) => ({ text, match: label.match, host: label.host }));
  const lines = [...of('dovecot', 'normal'), ...of('postfix', 'auth')];

  it('agree for at least 95 % of the lines that syslog wrote', () => {
    const disagreeing = lines.filter(({ text, match, host }) => blamed(text) !== (match ? host : undefined));
    expect(lines.length).toBeGreaterThan(45);
    expect(disagreeing.length / lines.length).toBeLessThanOrEqual(0.05);
  });

  it('never blame another address, or for what is no failure', () => {
    for (const { text, match, host } of lines) {
      const address = blamed(text);
      if (address !== undefined) expect([text, match, address]).toEqual([text, true, host]);
    }
  });
});
