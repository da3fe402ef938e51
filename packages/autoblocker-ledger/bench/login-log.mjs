// A log of a host's logins as rsyslog writes it, the same in every run: guessers in turns, people, and other programs between.

/** 32-bit integers, the same for the same seed (Ettinger's mulberry32). */
export function integers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

export const dotted = (value) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');

const names = 'admin oracle test ubuntu git postgres pi support ftpuser jenkins deploy minecraft hadoop user1'.split(
  ' ',
);
const people = 'anna bertrand chiara dmitri'.split(' ');

/** What sshd and pam say about one visit. */
const visits = {
  unknownUser: (address, port, user) => [
    `Invalid user ${user} from ${address} port ${port}`,
    'pam_unix(sshd:auth): check pass; user unknown',
    `pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=${address}`,
    `Failed password for invalid user ${user} from ${address} port ${port} ssh2`,
    `Received disconnect from ${address} port ${port}:11: Bye Bye [preauth]`,
    `Disconnected from invalid user ${user} ${address} port ${port} [preauth]`,
  ],
  root: (address, port) => [
    `pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=${address}  user=root`,
    `Failed password for root from ${address} port ${port} ssh2`,
    `Connection closed by authenticating user root ${address} port ${port} [preauth]`,
  ],
  silent: (address, port) => [`Connection closed by ${address} port ${port} [preauth]`],
  person: (address, port, user) => [
    `Accepted publickey for ${user} from ${address} port ${port} ssh2: ED25519 SHA256:0123456789abcdefghijklmnopqrstuvwxyzABCDEFG`,
    `pam_unix(sshd:session): session opened for user ${user}(uid=1000) by (uid=0)`,
    `Disconnected from user ${user} ${address} port ${port}`,
    `pam_unix(sshd:session): session closed for user ${user}`,
  ],
};

const others = [
  'CRON[%]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)',
  'CRON[%]: (root) CMD (command -v debian-sa1 > /dev/null && debian-sa1 1 1)',
  'systemd[1]: Started session-%.scope - Session % of User anna.',
  'systemd-logind[512]: New session % of user anna.',
  'sudo: anna : TTY=pts/0 ; PWD=/home/anna ; USER=root ; COMMAND=/usr/bin/apt update',
  'kernel: [%.123456] device eth0 entered promiscuous mode',
];

const guessersAtOnce = 10;

/**
 * Guessers come in campaigns of 16 to 31 visits within about a minute and stay away then: so what a campaign leads to hangs on
 * no moment at which a silence ends, about which an engine with several threads may say now this and now that.
 */
class Guessers {
  #next;
  #count = 0;
  #active = Array.from({ length: guessersAtOnce }, () => ({ address: '', visits: 0 }));

  constructor(next) {
    this.#next = next;
  }

  pick() {
    const guesser = this.#active[this.#next() % guessersAtOnce];
    if (guesser.visits === 0) {
      guesser.address = dotted(((203 << 24) | ((this.#count + 1) * 7)) >>> 0);
      guesser.visits = 16 + (this.#next() % 16);
      this.#count += 1;
    }
    guesser.visits -= 1;
    return guesser.address;
  }
}

/** The messages of one visit, each after the name of its program. */
function visit(next, guessers) {
  const kind = next() % 20;
  const pid = 1000 + (next() % 30_000);
  if (kind >= 17) return [others[next() % others.length].replaceAll('%', String(pid))];
  const port = 1024 + (next() % 60_000);
  const messages =
    kind < 8
      ? visits.unknownUser(guessers.pick(), port, names[next() % names.length])
      : kind < 14
        ? visits.root(guessers.pick(), port)
        : kind < 16
          ? visits.silent(guessers.pick(), port)
          : visits.person(`198.51.100.${1 + (next() % 20)}`, port, people[next() % people.length]);
  return messages.map((message) => `sshd[${pid}]: ${message}`);
}

/** So many lines, from 23 November 2026 on. */
export function loginLog(lines, seed = 9) {
  const next = integers(seed);
  const guessers = new Guessers(next);
  let time = Date.UTC(2026, 10, 23);
  const text = [];
  while (text.length < lines) {
    for (const message of visit(next, guessers)) {
      time += next() % 60;
      text.push(`${new Date(time).toISOString().replace('Z', '000+00:00')} web ${message}\n`);
    }
  }
  return text.slice(0, lines).join('');
}
