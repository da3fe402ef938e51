// Lines as sshd and nginx write them, for tests that need an attack at a place and time of their own.

/** `count` failed logins of one address, a second apart. */
export function failedLogins(address: string, count: number, from: Date): string {
  return lines(count, (n) => {
    const time = new Date(from.getTime() + n * 1000).toISOString().replace('Z', '+00:00');
    return `${time} gate sshd[${1000 + n}]: Failed password for root from ${address} port ${40_000 + n} ssh2`;
  });
}

/** `count` requests of one address for pages that are not there, a second apart. */
export function missingPages(address: string, count: number, from: Date, agent = 'Mozilla/5.0'): string {
  return lines(count, (n) => {
    const [, day, month, year, clock] = new Date(from.getTime() + n * 1000).toUTCString().split(' ');
    return `${address} - - [${day}/${month}/${year}:${clock} +0000] "GET /page-${n} HTTP/1.1" 404 153 "-" "${agent}"`;
  });
}

/** `count` logins at an API that were refused to one address, a second apart. */
export function refusedLogins(address: string, count: number, from: Date): string {
  return lines(count, (n) => {
    const [, day, month, year, clock] = new Date(from.getTime() + n * 1000).toUTCString().split(' ');
    return `${address} - - [${day}/${month}/${year}:${clock} +0000] "POST /api/login HTTP/1.1" 401 42 "-" "curl/8"`;
  });
}

function lines(count: number, line: (n: number) => string): string {
  return Array.from({ length: count }, (_, n) => `${line(n)}\n`).join('');
}
