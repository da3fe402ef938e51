// The names that grok expressions are built from: those of logstash and of CrowdSec, which rules take for granted. What each
// stands for is written from the format that it names (RFC 3164, 3339, 3986, 4291, the servers' documentation of their logs).

const hexGroup = '[0-9A-Fa-f]{1,4}';
const octet = '(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]{1,2})';
const ipv4 = `${octet}(?:\\.${octet}){3}`;

/**
 * RFC 3986's grammar of an IPv6 address, and a zone after it (RFC 4007). The forms that begin with a group are told from those
 * that begin with colons first: most addresses are IPv4, and are none after one group.
 */
function ipv6(): string {
  const lastBits = `(?:${hexGroup}:${hexGroup}|${ipv4})`;
  const after = (groups: number) => (groups === 0 ? '' : `(?:${hexGroup}:){${groups}}`);
  const tails = [5, 4, 3, 2, 1, 0].map((groups) => `${after(groups)}${lastBits}`);
  /** Up to the two colons, at most so many groups before them, the first of which is read with its colon. */
  const colons = (groups: number) => (groups === 1 ? ':' : `(?:(?:${hexGroup}:){0,${groups - 2}}${hexGroup}::|:)`);
  const compressed = tails.slice(1).map((tail, index) => `${colons(index + 1)}${tail}`);
  const grouped = [tails[0], ...compressed, `${colons(6)}${hexGroup}`, colons(7)];
  return `(?:${hexGroup}:(?:${grouped.join('|')})|::(?:${[...tails, hexGroup, ''].join('|')}))(?:%[0-9A-Za-z._~-]+)?`;
}

const text: Readonly<Record<string, string>> = {
  USERNAME: '[a-zA-Z0-9._-]+',
  USER: '%{USERNAME}',
  EMAILLOCALPART: '[a-zA-Z0-9_.+=:-]+',
  EMAILADDRESS: '%{EMAILLOCALPART}@%{HOSTNAME}',
  HTTPDUSER: '%{EMAILADDRESS}|%{USER}',
  WORD: '\\b\\w+\\b',
  NOTSPACE: '\\S+',
  SPACE: '\\s*',
  DATA: '.*?',
  GREEDYDATA: '.*',
  NOTDQUOTE: '[^"]*',
  QUOTEDSTRING: '"(?:[^"\\\\]|\\\\.)*"|\'(?:[^\'\\\\]|\\\\.)*\'|`(?:[^`\\\\]|\\\\.)*`',
  QS: '%{QUOTEDSTRING}',
  UUID: '[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}',
};

const numbers: Readonly<Record<string, string>> = {
  INT: '[+-]?[0-9]+',
  BASE10NUM: '[+-]?(?:[0-9]+(?:\\.[0-9]+)?|\\.[0-9]+)',
  NUMBER: '%{BASE10NUM}',
  BASE16NUM: '[+-]?(?:0x)?[0-9A-Fa-f]+',
  BASE16FLOAT: '\\b[+-]?(?:0x)?(?:[0-9A-Fa-f]+(?:\\.[0-9A-Fa-f]*)?|\\.[0-9A-Fa-f]+)\\b',
  POSINT: '\\b[1-9][0-9]*\\b',
  NONNEGINT: '\\b[0-9]+\\b',
};

const network: Readonly<Record<string, string>> = {
  CISCOMAC: '(?:[0-9A-Fa-f]{4}\\.){2}[0-9A-Fa-f]{4}',
  WINDOWSMAC: '(?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2}',
  COMMONMAC: '(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}',
  MAC: '%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC}',
  IPV6: ipv6(),
  IPV4: ipv4,
  IP: '%{IPV6}|%{IPV4}',
  HOSTNAME: '\\b[0-9A-Za-z][0-9A-Za-z-]{0,62}(?:\\.[0-9A-Za-z-]{0,63})*',
  IPORHOST: '%{IP}|%{HOSTNAME}',
  HOSTPORT: '%{IPORHOST}:%{POSINT}',
};

const paths: Readonly<Record<string, string>> = {
  UNIXPATH: '(?:/(?:[\\w%!$@:.,~-]|\\\\.)*)+',
  WINPATH: '(?:[A-Za-z]+:|\\\\)(?:\\\\[^\\\\?*]*)+',
  PATH: '%{UNIXPATH}|%{WINPATH}',
  TTY: '/dev/(?:pts|tty[pq]?)\\w*/?[0-9]+',
  URIPROTO: '[A-Za-z]+(?:\\+[A-Za-z+]+)?',
  URIHOST: '%{IPORHOST}(?::%{POSINT:port})?',
  URIPATH: "(?:/[A-Za-z0-9$.+!*'(){},~:;=@#%_-]*)+",
  URIPARAM: "\\?[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\\[\\]<>-]*",
  URIPATHPARAM: '%{URIPATH}(?:%{URIPARAM})?',
  URI: '%{URIPROTO}://(?:%{USER}(?::[^@]*)?@)?(?:%{URIHOST})?(?:%{URIPATHPARAM})?',
};

const times: Readonly<Record<string, string>> = {
  MONTH:
    '\\bJan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?\\b',
  MONTHNUM: '0?[1-9]|1[0-2]',
  MONTHNUM2: '0[1-9]|1[0-2]',
  MONTHDAY: '0[1-9]|[12][0-9]|3[01]|[1-9]',
  DAY: 'Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?',
  DAY2: '[0-9]{2}',
  YEAR: '(?:[0-9]{2}){1,2}',
  HOUR: '2[0-3]|[01]?[0-9]',
  MINUTE: '[0-5][0-9]',
  SECOND: '(?:[0-5]?[0-9]|60)(?:[:.,][0-9]+)?',
  TIME: '%{HOUR}:%{MINUTE}:%{SECOND}',
  DATE_US: '%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}',
  DATE_EU: '%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}',
  DATE_X: '%{YEAR}/%{MONTHNUM2}/%{MONTHDAY}',
  DATE: '%{DATE_US}|%{DATE_EU}|%{DATE_X}',
  DATESTAMP: '%{DATE}[- ]%{TIME}',
  ISO8601_TIMEZONE: 'Z|[+-]%{HOUR}:?%{MINUTE}',
  ISO8601_SECOND: '%{SECOND}|60',
  TIMESTAMP_ISO8601: '%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?%{ISO8601_TIMEZONE}?',
  TZ: '[A-Z]{3}',
  NUMTZ: '[+-][0-9]{4}',
  DATESTAMP_RFC822: '%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ}',
  DATESTAMP_RFC2822: '%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE}',
  DATESTAMP_OTHER: '%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR}',
  DATESTAMP_EVENTLOG: '%{YEAR}%{MONTHNUM2}%{MONTHDAY}%{HOUR}%{MINUTE}%{SECOND}',
  HTTPDATE: '%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}',
  HTTPDERROR_DATE: '%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{YEAR}',
  APACHEERRORTIME: '%{HTTPDERROR_DATE}',
  NGINXERRTIME: '%{YEAR}/%{MONTHNUM2}/%{DAY2} %{HOUR}:%{MINUTE}:%{SECOND}',
  RFC3339: '%{YEAR}-[01][0-9]-[0-3][0-9]T%{TIME}%{ISO8601_TIMEZONE}',
  SYSLOGTIMESTAMP: '%{MONTH} +%{MONTHDAY} %{TIME}',
};

const logs: Readonly<Record<string, string>> = {
  LOGLEVEL:
    '[Aa]lert|ALERT|[Tt]race|TRACE|[Dd]ebug|DEBUG|[Nn]otice|NOTICE|[Ii]nfo|INFO|[Ww]arn(?:ing)?|WARN(?:ING)?|[Ee]rr(?:or)?|ERR(?:OR)?|[Cc]rit(?:ical)?|CRIT(?:ICAL)?|[Ff]atal|FATAL|[Ss]evere|SEVERE|[Ee]merg(?:ency)?|EMERG(?:ENCY)?',
  PROG: '[!-Z\\\\^-~]+',
  SYSLOGPROG: '%{PROG:program}(?:\\[%{POSINT:pid}\\])?',
  SYSLOGHOST: '%{IPV6}|[0-9A-Za-z][0-9A-Za-z.-]*',
  SYSLOGFACILITY: '<%{NONNEGINT:facility}\\.%{NONNEGINT:priority}>',
  SYSLOGBASE: '%{SYSLOGTIMESTAMP:timestamp} (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:logsource} %{SYSLOGPROG}:',
  SYSLOGBASE2:
    '(?:%{SYSLOGTIMESTAMP:timestamp}|%{TIMESTAMP_ISO8601:timestamp8601}) (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:logsource}(?: %{SYSLOGPROG}:|)',
  SYSLOGLINE: '%{SYSLOGBASE2} %{GREEDYDATA:message}',
  NGUSERNAME: '[a-zA-Z.@_%+-]+',
  NGUSER: '%{NGUSERNAME}',
  COMMONAPACHELOG:
    '%{IPORHOST:clientip} %{HTTPDUSER:ident} %{USER:auth} \\[%{HTTPDATE:timestamp}\\] "(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})" %{NUMBER:response} (?:%{NUMBER:bytes}|-)',
  COMBINEDAPACHELOG: '%{COMMONAPACHELOG} %{QS:referrer} %{QS:agent}',
  HAPROXYTIME: '%{HOUR:haproxy_hour}:%{MINUTE:haproxy_minute}(?::%{SECOND:haproxy_second})',
  HAPROXYDATE:
    '%{MONTHDAY:haproxy_monthday}/%{MONTH:haproxy_month}/%{YEAR:haproxy_year}:%{HAPROXYTIME:haproxy_time}.%{INT:haproxy_milliseconds}',
  HAPROXYCAPTUREDREQUESTHEADERS: '%{DATA:captured_request_headers}',
  HAPROXYCAPTUREDRESPONSEHEADERS: '%{DATA:captured_response_headers}',
};

/** Messages of single servers that rules name. */
const services: Readonly<Record<string, string>> = {
  HTTPD_ERRORLOG:
    '\\[%{HTTPDERROR_DATE:timestamp}\\] \\[(?:(?:%{WORD:module})?:)?%{LOGLEVEL:loglevel}[0-9]?\\](?: \\[pid %{POSINT:pid}(?::tid %{INT:tid})?\\])?(?: \\(%{POSINT:proxy_errorcode}\\)%{DATA:proxy_errormessage}:)?(?: \\[client %{IPORHOST:client}(?::%{POSINT:clientport})?\\])?(?: %{WORD:errorcode}:)? %{GREEDYDATA:message}',
  SSHD_FAIL:
    'Failed %{WORD:sshd_auth_type} for %{USERNAME:sshd_invalid_user} from %{IP:sshd_client_ip} port %{NUMBER:sshd_port} %{WORD:sshd_protocol}',
  SSHD_USER_FAIL:
    'Failed password for invalid user %{USERNAME:sshd_invalid_user} from %{IP:sshd_client_ip} port %{NUMBER:sshd_port} %{WORD:sshd_protocol}',
  SSHD_DISC_PREAUTH:
    'Disconnected from %{IP:sshd_client_ip} port %{NUMBER:sshd_port}\\s*(?:\\[%{GREEDYDATA:sshd_privsep}\\])?',
  SSHD_BAD_VERSION: "Bad protocol version identification '%{GREEDYDATA}' from %{IP:sshd_client_ip}",
  EXIM_DATE: '%{YEAR:exim_year}-%{MONTHNUM:exim_month}-%{MONTHDAY:exim_day} %{TIME:exim_time}',
  COWRIE_NEW_CO:
    'New connection: %{IPV4:source_ip}:[0-9]+ \\(%{IPV4:dest_ip}:%{INT:dest_port}\\) \\[session: %{DATA:telnet_session}\\]$',
  SMB_AUTH_FAIL:
    'Auth:%{GREEDYDATA} user \\[%{DATA:smb_domain}\\]\\\\\\[%{DATA:user}\\]%{GREEDYDATA} status \\[NT_STATUS_NO_SUCH_USER\\]%{GREEDYDATA} remote host \\[ipv4:%{IP:ip_source}',
  TCPDUMP_OUTPUT:
    '%{GREEDYDATA:timestamp} IP %{IPORHOST:source_ip}\\.%{INT:source_port} > %{IPORHOST:dest_ip}\\.%{INT:dest_port}: Flags \\[%{GREEDYDATA:tcpflags}\\], seq',
};

/** Every name with its expression, which may hold further names. */
export const grokDictionary: ReadonlyMap<string, string> = new Map(
  Object.entries({ ...text, ...numbers, ...network, ...paths, ...times, ...logs, ...services }),
);
