// The people and programs that belong here: admins, deployments, browsers, crawlers, probes. Several of them do what an
// over-eager detector takes for an attack: forget a password, follow dead links, load a page with missing pictures.
import { ACCOUNTS } from './private-host.mjs';
import { MISSING_PICTURES, PAGES } from './site.mjs';

/** @import { Actor, Presence } from './actor.mjs' */

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';
const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';
const ASSETS = ['/assets/style.css', '/assets/shop.js'];

/** @type {readonly Actor[]} */
export const visitors = [
  visitor('admin', '203.0.113.21', 2, 'logs in by key and runs commands now and then', async (self) => {
    for (const command of ['uptime', 'df -h', 'w', 'uptime', 'free', 'uptime', 'df -h', 'w']) {
      await self.sshKey('alice', command);
      await self.pause(35);
    }
  }),
  visitor('deployment', '198.51.100.40', 8, 'copies files by scp with a key every twenty seconds', async (self) => {
    for (let release = 1; release <= 15; release++) {
      await self.scp('deploy', `release-${release}.txt`);
      await self.pause(20);
    }
  }),
  visitor('backup', '2001:db8:40::22', 15, 'fetches a backup over ssh with a key', async (self) => {
    for (let night = 1; night <= 3; night++) {
      await self.sshKey('archive', 'tar -c -C / etc/hostname');
      await self.pause(90);
    }
  }),
  visitor(
    'fleet',
    '192.0.2.31',
    60,
    'runs one command on many connections at once, as Ansible does, by key',
    async (self) => {
      for (let wave = 0; wave < 4; wave++) {
        await Promise.all(Array.from({ length: 5 }, () => self.sshKey('deploy', 'true')));
        await self.pause(5);
      }
    },
  ),
  visitor(
    'forgetful',
    '203.0.113.54',
    30,
    'forgets the password four times within a minute and then logs in',
    async (self) => {
      for (const guess of [
        'corn-velvet-74',
        'Corn-Velvet-74-harbour',
        'corn-Velvet-47-harbour',
        'corn-velvet-74-harbor',
      ]) {
        await self.sshPassword('alice', guess);
        await self.pause(10);
      }
      await self.sshPassword('alice', ACCOUNTS.alice, 'sleep 20');
    },
  ),
  visitor('one-typo', '2001:db8:40::7', 70, 'mistypes the password once and then logs in, over IPv6', async (self) => {
    await self.sshPassword('bob', 'Trombone!under9brigde');
    await self.pause(6);
    await self.sshPassword('bob', ACCOUNTS.bob, 'sleep 30');
  }),
  visitor('wrong-name', '198.51.100.71', 110, 'mistypes the user name once and then logs in', async (self) => {
    await self.sshPassword('carlo', ACCOUNTS.carol);
    await self.pause(9);
    await self.sshPassword('carol', ACCOUNTS.carol, 'sleep 15');
  }),
  visitor(
    'shared-office',
    '203.0.113.99',
    45,
    'an office behind one address: one by key, one who mistypes twice, one browsing',
    async (self) => {
      const byKey = repeat(6, 30, self, () => self.sshKey('carol', 'uptime'));
      const typing = (async () => {
        for (const password of ['Trombone!under8bridge', 'Trombone!Under9bridge', ACCOUNTS.bob]) {
          await self.sshPassword('bob', password);
          await self.pause(12);
        }
      })();
      await Promise.all([byKey, typing, surf(self, CHROME, 12)]);
    },
  ),
  visitor(
    'port-probe',
    '192.0.2.77',
    5,
    'a monitor that opens port 22 and closes it again every ten seconds',
    async (self) => {
      await repeat(30, 10, self, () => self.run(['nc', '-z', self.host, '22']));
    },
  ),
  visitor('health-probe', '192.0.2.78', 3, 'a monitor that asks for /health every four seconds', async (self) => {
    await repeat(75, 4, self, () => self.curl(['/health'], { agent: 'Blackbox-Exporter/0.25.0' }));
  }),
  visitor(
    'browser-one',
    '203.0.113.112',
    4,
    'reads the shop with a browser that asks for icons that are not there',
    async (self) => {
      const icons = ['/favicon.ico', '/apple-touch-icon.png', '/apple-touch-icon-precomposed.png'];
      await self.curl(icons, { agent: IPHONE });
      await surf(self, IPHONE, 25);
    },
  ),
  visitor('browser-two', '198.51.100.130', 25, 'reads the shop and its journal', async (self) =>
    surf(self, FIREFOX, 30),
  ),
  visitor('browser-three', '2001:db8:40::133', 50, 'reads the shop over IPv6', async (self) => surf(self, CHROME, 25)),
  visitor(
    'gallery-reader',
    '203.0.113.140',
    80,
    'opens a page with fourteen pictures that were never uploaded',
    async (self) => {
      await self.curl(['/', ...ASSETS], { agent: FIREFOX });
      await self.curl(['/gallery.html', ...ASSETS, ...MISSING_PICTURES], {
        agent: FIREFOX,
        referer: `${self.origin}/`,
      });
      await surf(self, FIREFOX, 5);
    },
  ),
  visitor('old-bookmarks', '198.51.100.152', 95, 'follows bookmarks of pages that have gone', async (self) => {
    for (const path of ['/journal/2017-autumn', '/shop/hats', '/about-us-old', '/press', '/team']) {
      await self.curl([path], { agent: CHROME });
      await self.pause(7);
    }
    await surf(self, CHROME, 6);
  }),
  visitor(
    'crawler',
    '192.0.2.160',
    10,
    'a polite search engine: robots.txt, every page, a few dead links',
    async (self) => {
      const manners = ['--recursive', '--level=3', '--wait=1.4', '--random-wait', '--tries=1', '--delete-after'];
      const agent = 'Mozilla/5.0 (compatible; ExampleSearch/2.1; +https://search.example/bot)';
      await self.run(['wget', '--quiet', ...manners, '--user-agent', agent, `${self.origin}/`], {
        timeoutSeconds: 330,
        cwd: '/run/lab/work',
      });
    },
  ),
  visitor('feed-reader', '203.0.113.168', 12, 'asks for the feed every half minute', async (self) => {
    await repeat(9, 30, self, () => self.curl(['/feed.xml'], { agent: 'Tiny Tiny RSS/24.06 (https://tt-rss.org/)' }));
  }),
  visitor('build-server', '192.0.2.171', 20, 'fetches artefacts and stock numbers', async (self) => {
    await repeat(20, 12, self, () => self.curl(['/artefacts/build.tar.gz', '/api/stock'], { agent: 'curl/7.88.1' }));
  }),
  visitor(
    'signs-in',
    '198.51.100.180',
    65,
    'types the shop password wrongly three times, then signs in',
    async (self) => {
      await self.curl(['/login', ...ASSETS], { agent: FIREFOX });
      for (const password of ['Trombone', 'trombone!under9bridge', 'Trombone!under9bridg', ACCOUNTS.bob]) {
        await self.curl(['/login'], {
          agent: FIREFOX,
          referer: `${self.origin}/login`,
          options: form('bob', password),
        });
        await self.pause(6);
      }
      await surf(self, FIREFOX, 8);
    },
  ),
  visitor(
    'expired-token',
    '203.0.113.184',
    130,
    'an API client whose token expired: two refusals, then a new one',
    async (self) => {
      const agent = 'okhttp/4.12.0';
      for (const password of ['expired', 'expired', ACCOUNTS.deploy]) {
        await self.curl(['/api/token'], { agent, options: form('deploy', password) });
        await self.pause(2);
      }
      await repeat(20, 5, self, () => self.curl(['/api/stock'], { agent }));
    },
  ),
  visitor(
    'report-reader',
    '198.51.100.186',
    100,
    'is asked for the password of the reports, mistypes it once, reads them',
    async (self) => {
      await self.curl(['/reports/'], { agent: FIREFOX });
      await self.curl(['/reports/'], { agent: FIREFOX, options: ['--user', 'carol:seven-lanterns'] });
      await self.pause(8);
      await self.curl(['/reports/', '/reports/q3.html'], {
        agent: FIREFOX,
        options: ['--user', `carol:${ACCOUNTS.carol}`],
      });
    },
  ),
  visitor(
    'curious-searcher',
    '203.0.113.190',
    140,
    'searches for things with quotes and SQL words in them',
    async (self) => {
      for (const query of [
        'O%27Brien+hat',
        'select+tableware',
        'union+jack+mug',
        '50%25+off',
        'drop+earrings',
        'table+--+oak',
      ]) {
        await self.curl([`/search?q=${query}`], { agent: CHROME, referer: `${self.origin}/` });
        await self.pause(5);
      }
    },
  ),
  visitor(
    'load-test',
    '192.0.2.195',
    150,
    "the shop's own load test: three pages, three hundred times",
    async (self) => {
      const urls = await self.list('urls', [
        `${self.origin}/`,
        `${self.origin}/products/1.html`,
        `${self.origin}/feed.xml`,
      ]);
      await self.run(['siege', '--concurrent=5', '--reps=60', '--delay=0.2', `--file=${urls}`]);
    },
  ),
];

/**
 * @param {string} name
 * @param {string} address
 * @param {number} start
 * @param {string} about
 * @param {(self: Presence) => Promise<void>} act
 * @returns {Actor}
 */
function visitor(name, address, start, about, act) {
  return { name, address, kind: 'legitimate', about, start, act: async (self) => void (await act(self)) };
}

/**
 * @param {number} times
 * @param {number} everySeconds
 * @param {Presence} self
 * @param {() => Promise<unknown>} what
 */
async function repeat(times, everySeconds, self, what) {
  for (let time = 0; time < times; time++) {
    await what();
    await self.pause(everySeconds);
  }
}

/**
 * Reads pages one after the other at a reader's pace, each with its style, script and sometimes a picture.
 * @param {Presence} self
 * @param {string} agent
 * @param {number} pages
 */
async function surf(self, agent, pages) {
  let referer = `${self.origin}/`;
  for (let step = 1; step <= pages; step++) {
    const path =
      step % 3 === 0
        ? `/journal/${((step * 5) % PAGES.journal) + 1}.html`
        : `/products/${((step * 7) % PAGES.products) + 1}.html`;
    await self.curl([path, ...(step % 4 === 1 ? ASSETS : []), `/pictures/${step % 60}.jpg`], { agent, referer });
    referer = `${self.origin}${path}`;
    await self.pause(2 + Math.random() * 6);
  }
}

/**
 * @param {string} user
 * @param {string} password
 */
function form(user, password) {
  return ['--data-urlencode', `user=${user}`, '--data-urlencode', `password=${password}`];
}
