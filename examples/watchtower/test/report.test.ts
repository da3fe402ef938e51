import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { html, jsonForScript } from '../report/markup';
import { visibleText } from '../untrusted-text';
import { missingPages } from './attack-lines';
import { documentOf, Scratch, watchtower } from './run-watchtower';

/** What attackers put into the fields that a log keeps. */
const hostileAgents = [
  '</script><script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '</td></table><h1>owned</h1>',
  '&lt;b&gt; and &#x27;',
  "' onmouseover='alert(1)",
  '<!-- ]]> -->',
];

describe('report.html', () => {
  const scratch = new Scratch();
  afterAll(() => scratch[Symbol.dispose]());
  let page: string;

  beforeAll(async () => {
    const log = scratch.path('access.log');
    const noon = new Date('2026-03-01T12:00:00Z');
    writeFileSync(log, hostileAgents.map((agent, n) => missingPages(`203.0.113.${n + 1}`, 15, noon, agent)).join(''));
    const run = await watchtower(scratch.folder, '--json', '--report', scratch.path('report.html'), log);
    expect(documentOf(run).blocked).toHaveLength(hostileAgents.length);
    page = readFileSync(scratch.path('report.html'), 'utf8');
  });

  /** Elements of the page, without the text of its own scripts and style. */
  const tags = () => page.replace(/(<(script|style)[^>]*>)[\s\S]*?<\/\2>/g, '$1').match(/<[a-z!][^>]*>/gi) ?? [];

  test('shows the hostile text, and none of it is an element or an attribute', () => {
    for (const agent of hostileAgents) expect(page).toContain(html`${agent}`.text);
    const allowed =
      /^<(?:!doctype|html|head|meta|title|style|body|header|main|section|details|summary|article|h[123]|p|ul|li|strong|span|table|thead|tbody|tr|t[hd]|div|dl|d[td]|code|pre|br|a|script)\b/i;
    expect(tags().filter((tag) => !allowed.test(tag))).toEqual([]);
    expect(tags().filter((tag) => /\son\w+\s*=|javascript:/i.test(tag))).toEqual([]);
    expect(page).not.toContain('<h1>owned');
  });

  test('shows what kind of attacker each is, with the proof as a tree', () => {
    expect(page.split('<h3>Classification</h3>')).toHaveLength(hostileAgents.length + 1);
    expect(page).toContain('<summary>searching for pages (T1595.003)</summary>');
    expect(page).toContain('<li>203.0.113.1 was seen at http-probing</li>');
  });

  test('loads nothing: no source, no link that leaves the page', () => {
    expect(tags().filter((tag) => /\s(?:src|srcset|href|action|data|poster)=(?!"#)/i.test(tag))).toEqual([]);
  });

  test('its policy allows exactly its own scripts and style, by hash', () => {
    const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]+)">/.exec(page)![1]!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    const hash = (source: string) => `'sha256-${createHash('sha256').update(source).digest('base64')}'`;
    const scripts = [...page.matchAll(/<script>([\s\S]*?)<\/script>/g)].map((match) => hash(match[1]!));
    const styles = [...page.matchAll(/<style>([\s\S]*?)<\/style>/g)].map((match) => hash(match[1]!));
    expect(scripts).toHaveLength(2);
    expect(/script-src ([^;]+)/.exec(policy)![1]!.trim().split(' ')).toEqual(scripts);
    expect(/style-src ([^;]+)/.exec(policy)![1]!.trim().split(' ')).toEqual(styles);
  });

  test('every actor of the table has its section, and the timeline its row', () => {
    const data = JSON.parse(/id="timeline-data">([^<]*)</.exec(page)![1]!) as {
      rows: { anchor: string; evidence: number[] }[];
    };
    expect(data.rows).toHaveLength(hostileAgents.length);
    for (const { anchor, evidence } of data.rows) {
      expect(page).toContain(`href="#${anchor}"`);
      expect(page).toContain(`id="${anchor}"`);
      expect(evidence.length).toBeGreaterThan(0);
    }
  });
});

describe('text that attackers chose', () => {
  const decode = (text: string) => text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));

  test('any text in a page comes back as the visible form of itself, and is no markup', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { text: escaped } = html`${text}`;
        expect(escaped).not.toMatch(/[<>"'`]/);
        expect(decode(escaped)).toBe(visibleText(text, Number.POSITIVE_INFINITY));
      }),
    );
  });

  test('any value in a script element is the same value, and cannot end the element', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const { text } = jsonForScript(value);
        expect(text).not.toMatch(/[<>&\u2028\u2029]/);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('on a terminal no control, escape or direction character is left', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(visibleText(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
      }),
    );
    expect(visibleText('\u001b[2Jx\u202ey')).toBe('\\x1b[2Jx\\u{202e}y');
  });
});
