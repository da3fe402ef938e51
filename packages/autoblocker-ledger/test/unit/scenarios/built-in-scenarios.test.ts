// What the rules say about people, monitors and attackers, in lines as servers write them.

import { describe, expect, it } from 'vitest';
import { LogLineParser } from '../../../src/parsing/index.js';
import { builtInScenarios, checkScenario, PatternDetector } from '../../../src/scenarios/index.js';

const start = Date.UTC(2026, 10, 23, 8);

/** Names of the scenarios that overflow for some lines. */
function overflowing(lines: readonly string[]): string[] {
  const parser = new LogLineParser('test', { newestTime: () => start + 86_400_000, utcOffsetMinutes: 0 });
  const detector = new PatternDetector(builtInScenarios, 1000);
  const names = new Set<string>();
  for (const text of lines) {
    const event = parser.parse({ text, offset: 0, end: 0, cut: false, garbled: false })?.event;
    if (event !== undefined) for (const { scenario } of detector.offer(event)) names.add(scenario.name);
  }
  return [...names];
}

const stamp = (second: number) => new Date(start + second * 1000).toISOString().replace(/\.\d+Z/, 'Z');
const ssh = (second: number, message: string) => `${stamp(second)} web sshd[${100 + second}]: ${message}`;
const clf = (second: number) =>
  new Date(start + second * 1000).toUTCString().replace(/^\w+, (\d+) (\w+) (\d+) ([\d:]+) GMT$/, '$1/$2/$3:$4 +0000');
const http = (second: number, request: string, status = 200, agent = 'Mozilla/5.0', user = '-') =>
  `192.0.2.1 - ${user} [${clf(second)}] "${request} HTTP/1.1" ${status} 5 "-" "${agent}"`;
const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index));

/** All that sshd and PAM write about one wrong password. */
const wrongPassword = (second: number, user: string) => [
  ssh(
    second,
    `pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.1  user=${user}`,
  ),
  ssh(second, `Failed password for ${user} from 192.0.2.1 port 5${second} ssh2`),
];

describe('nobody is an attacker who', () => {
  it.each<[string, readonly string[]]>([
    [
      'mistypes the password five times and then gets it right',
      [
        ...times(5, (n) => wrongPassword(n * 4, 'alice')).flat(),
        ssh(22, 'Accepted password for alice from 192.0.2.1 port 9 ssh2'),
      ],
    ],
    [
      'does so again after having logged in',
      times(3, (n) => [
        ...times(4, (m) => wrongPassword(n * 30 + m, 'alice')).flat(),
        ssh(n * 30 + 5, 'Accepted password for alice from 192.0.2.1 port 9 ssh2'),
      ]).flat(),
    ],
    ['guesses once in 70 seconds', times(60, (n) => wrongPassword(n * 70, 'root')).flat()],
    [
      'offers many keys',
      times(40, (n) => ssh(n, 'Failed publickey for git from 192.0.2.1 port 4 ssh2: RSA SHA256:abc')),
    ],
    ['looks whether port 22 is open', times(600, (n) => ssh(n, 'Connection closed by 192.0.2.1 port 4 [preauth]'))],
    ['crawls a thousand pages', times(1000, (n) => http(n / 20, `GET /page/${n}`))],
    ['asks for the same missing page every second', times(600, (n) => http(n, 'GET /health', 404))],
    ['loads a page with a hundred missing pictures', times(100, (n) => http(0, `GET /img/${n}.png`, 404))],
    ['meets ten dead links', times(10, (n) => http(n, `GET /old/${n}`, 404))],
    [
      'searches for words that SQL also has',
      ['select a from b', 'union square', "o'neil and sons", 'drop table lamp', '1 or 2', 'x=1'].map((q, n) =>
        http(n, `GET /?q=${encodeURIComponent(q)}`),
      ),
    ],
    ['logs in to a form six times, each accepted', times(6, (n) => http(n, 'POST /login', 302))],
    ['is asked for basic credentials', times(50, (n) => http(n, 'GET /private', 401))],
    [
      'asks for robots.txt and the favicon',
      times(50, (n) => http(n, n % 2 ? 'GET /robots.txt' : 'GET /favicon.ico', 404)),
    ],
  ])('%s', (_, lines) => {
    expect(overflowing(lines)).toEqual([]);
  });
});

describe('an attacker is who', () => {
  it.each<[string, string, readonly string[]]>([
    ['tenstrip/ssh-bf', 'guesses six times in six seconds', times(6, (n) => wrongPassword(n, 'root')).flat()],
    ['tenstrip/ssh-slow-bf', 'guesses every twenty seconds', times(20, (n) => wrongPassword(n * 20, 'root')).flat()],
    [
      'tenstrip/ssh-user-enumeration',
      'tries six names',
      times(6, (n) => ssh(n, `Invalid user user${n} from 192.0.2.1 port 4`)),
    ],
    [
      'tenstrip/ssh-bf',
      'logs in as guest between guesses at root',
      times(8, (n) => [
        ...wrongPassword(n, 'root'),
        ssh(n, 'Accepted password for guest from 192.0.2.1 port 9 ssh2'),
      ]).flat(),
    ],
    ['tenstrip/http-probing', 'asks for eleven missing pages', times(11, (n) => http(n / 2, `GET /x/${n}`, 404))],
    [
      'tenstrip/http-path-traversal-probing',
      'climbs, in four spellings',
      ['/../../etc/passwd', '/%2e%2e/%2e%2e/a', '/..%252f..%252fb', '/x?f=..\\\\..\\\\boot.ini'].map((path, n) =>
        http(n, `GET ${path}`, 400),
      ),
    ],
    [
      'tenstrip/http-sensitive-files',
      'looks for secrets',
      ['/.env', '/.git/config', '/id_rsa', '/backup.zip', '/.htpasswd'].map((path, n) => http(n, `GET ${path}`, 404)),
    ],
    [
      'tenstrip/http-admin-interface-probing',
      'looks for consoles',
      ['/phpmyadmin/', '/manager/html', '/solr/admin/'].map((path, n) => http(n, `GET ${path}`, 404)),
    ],
    [
      'tenstrip/http-bad-user-agent',
      'says that it is sqlmap',
      times(2, (n) => http(n, 'GET /', 200, 'sqlmap/1.7.2#stable (https://sqlmap.org)')),
    ],
    [
      'tenstrip/http-sqli-probing',
      'writes SQL',
      [
        "1' or '1'='1",
        '1 union all select null',
        '1;waitfor delay 1',
        "1' and sleep(5)--",
        '1 order by 3--',
        "1' or 1=1#",
      ].map((q, n) => http(n, `GET /?id=${encodeURIComponent(q)}`)),
    ],
    ['tenstrip/http-exploit-attempt', 'sends log4shell', [http(0, 'GET /', 200, '\u0024{jndi:ldap://x/a}')]],
    ['tenstrip/http-login-bf', 'stuffs a login form', times(6, (n) => http(n, 'POST /login', 401))],
    ['tenstrip/http-slow-login-bf', 'does so slowly', times(20, (n) => http(n * 15, 'POST /api/v1/login', 401))],
    [
      'tenstrip/http-login-bf',
      'guesses basic credentials',
      times(6, (n) => http(n, 'GET /private', 401, 'Mozilla/5.0', 'admin')),
    ],
    ['tenstrip/http-wordpress-bf', 'guesses at WordPress', times(6, (n) => http(n, 'POST /wp-login.php', 200))],
    [
      'tenstrip/http-backdoors-attempts',
      'looks for web shells',
      ['/c99.php', '/wso.php'].map((path, n) => http(n, `GET ${path}`, 404)),
    ],
    ['tenstrip/http-xss-probing', 'injects script', times(6, (n) => http(n, `GET /?q=%3Cscript%3Ealert(${n})`))],
    [
      'tenstrip/ssh-protocol-probing',
      'speaks no ssh',
      times(6, (n) => ssh(n, 'banner exchange: Connection from 192.0.2.1 port 4: invalid format')),
    ],
  ])('%s: %s', (scenario, _, lines) => {
    expect(overflowing(lines)).toContain(scenario);
  });
});

describe('the rules', () => {
  it('have sane thresholds and a name each', () => {
    for (const scenario of builtInScenarios) expect(checkScenario(scenario)).toBe(scenario);
    expect(new Set(builtInScenarios.map(({ name }) => name)).size).toBe(builtInScenarios.length);
  });

  it.each([
    { capacity: -1 },
    { capacity: 1.5 },
    { capacity: Number.NaN },
    { leakSpeedMs: 0 },
    { leakSpeedMs: Number.NaN },
    { blackholeMs: -1 },
    { cacheSize: 0 },
    { score: 0 },
    { name: 'no author' },
    { name: `a/${'b'.repeat(200)}` },
    { version: undefined },
    { version: 'v'.repeat(100_000) },
    { description: 5 },
    { references: undefined },
    { domains: 5 },
    { action: 'nuke' },
    { filter: undefined },
    { groupBy: 'evt.Meta.source_ip' },
    { target: null },
  ])('are refused with %o', (wrong) => {
    const scenario = { ...builtInScenarios[0]!, ...wrong };
    expect(() => checkScenario(scenario as never)).toThrow(expect.objectContaining({ code: 'ScenarioInvalid' }));
  });
});
