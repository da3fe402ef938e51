// Scanning, probing and guessing over HTTP, as an access log shows it. Thresholds follow CrowdSec's scenarios of the same
// names; the lists are what public scanners (nikto, dirb, sqlmap, wpscan, nuclei) are known to ask for.
// Asking for many pages that exist is no attack, and neither is a page whose pictures are missing: only answers that refuse
// count for probing, static files never, and each path once.

import type { SecurityEvent } from '../events/index.js';
import { field, sourceAddress } from './event-fields.js';
import type { Scenario } from './scenario.js';

const second = 1000;
const minute = 60 * second;

const http = {
  version: '1.1.0',
  domains: ['http', 'api'],
  groupBy: sourceAddress,
  score: 1,
} satisfies Partial<Scenario>;

const path = (event: SecurityEvent) => event.fields.path;
const decoded = (event: SecurityEvent) => field(event, 'decoded');
const isRefused = (event: SecurityEvent) => ['400', '403', '404'].includes(field(event, 'status'));

/** Address and host: a scan of one site is not diluted by another behind the same log. */
function addressAndHost(event: SecurityEvent): string | undefined {
  const address = sourceAddress(event);
  return address === undefined ? undefined : `${address} ${event.victim?.host ?? ''}`;
}

/** What leaves the document root, in every spelling once decoded, or names a file that attackers read first. */
const traversal = /(?:^|[/\\=])\.\.;?[/\\]|\/etc\/(?:passwd|shadow|hosts)\b|\/proc\/self\/|\bboot\.ini\b|\bwin\.ini\b/i;

/** Files that no page links to. */
const sensitiveFile =
  /\/\.(?:env(?:\.[\w-]+)?|git\/(?:config|head|index|logs\/head)|git|svn(?:\/entries)?|hg|bzr|htpasswd|htaccess|ds_store|aws\/credentials|ssh(?:\/[\w.-]+)?|bash_history|sh_history|mysql_history|history|npmrc|dockerenv|docker\/config\.json|kube\/config|vscode\/sftp\.json|idea\/workspace\.xml|passwd|rhosts|profile|bashrc|listings?|perf|pwd|subversion|cvs|forward|netrc|pgpass)$|\/(?:id_rsa|id_dsa|id_ed25519|web\.config|wp-config\.php(?:\.\w+|~)|config\.(?:php|inc|yml|json)\.(?:bak|old|save)|credentials(?:\.json)?|dump\.sql|database\.sql|backup\.(?:sql|zip|tar|tar\.gz|tgz)|phpinfo\.php|server-status|\w+\.(?:bak|sql|old|swp|pem|key|log|db|sqlite|pfx|kdbx))$/i;

const adminInterface =
  /\/(?:phpmyadmin|phpmyadmin\d*|pma|myadmin|mysqladmin|sqladmin|dbadmin|adminer(?:-[\d.]+)?(?:\.php)?|administrator|admin(?:istration)?(?:\.php|\.asp|\.jsp)?|wp-admin|wp-login\.php|manager\/html|host-manager|jmx-console|web-console|solr\/admin|actuator|jenkins|cpanel|whm|webmin|plesk|console|owa|ecp|remote\/login|\+cscoe\+|dana-na|geoserver|druid|nacos|xampp|hnap1|boaform)(?:\/|$)/i;

const backdoor =
  /\/(?:c99|r57|b374k|wso|alfa|alfacgiapi|indoxploit|shell|cmd|webshell|mini|up|uploader|fox|wp-22|0x|x|xx|marijuana|mar|leaf|mailer|adminer-?shell|gel4y|bypass|symlink|priv8|sym403)\d*\.(?:php\d?|phtml|asp|aspx|jsp|cgi)$/i;

/** What attacks themselves as such: no browser and no search engine. */
const scannerAgent =
  /\b(?:nikto|sqlmap|nmap scripting engine|masscan|zgrab|zmap|gobuster|dirbuster|dirb|feroxbuster|ffuf|wfuzz|wpscan|nuclei|acunetix|netsparker|nessus|openvas|w3af|arachni|whatweb|skipfish|havij|jorgee|morfeus|paros|webinspect|burpsuite|hydra|jaeles|l9explore|l9tcpid|leakix|cgi-?scan|commix|joomscan|droopescan|httpx - open-source|fuzz faster|xsser|fimap|vega\/|censysinspect|expanseinc|internet-measurement|zmeu)\b/i;

const sqlInjection =
  /\bunion\s+(?:all\s+)?select\b|\bselect\b.{1,60}\bfrom\b.{1,60}(?:\bwhere\b|--|information_schema)|['")\s]\s{0,8}(?:or|and)\s{1,8}['"(]{0,8}\w{1,32}['")]{0,8}\s{0,8}(?:=|<|>|like\b)\s{0,8}['"(]{0,8}\w|\b(?:sleep|benchmark|pg_sleep|extractvalue|updatexml|load_file|char|concat|xp_cmdshell|dbms_pipe\.receive_message)\s*\(|\bwaitfor\s+delay\b|\border\s+by\s+\d+\s*(?:--|#)|;\s*(?:drop|insert|update|delete|exec|shutdown)\b|'\s*(?:--|#|\/\*)|information_schema\./i;

const crossSiteScripting =
  /<\s*(?:script|svg|img|iframe|body|object|embed)\b|\bon(?:error|load|mouseover|focus|click)\s*=|javascript:|document\.(?:cookie|domain)|alert\s*\(|string\.fromcharcode/i;

/** Requests that have one purpose: log4shell, shellshock, phpunit, php-cgi, ThinkPHP, Struts, router botnets. */
const exploit =
  /\$\{(?:jndi|lower:|upper:|env:|::-)|\(\)\s*\{\s*:?;?\s*\}\s*;|\/vendor\/phpunit\/.{0,80}eval-stdin\.php|auto_prepend_file(?:=|%3d)|allow_url_include(?:=|%3d)|invokefunction&function=call_user_func|\bclass\.module\.classloader\.|%\{\(#|\/cgi-bin\/(?:.{0,80}\/)?(?:bash|sh)$|\/boaform\/admin\/formlogin|\/setup\.cgi\?.{0,80}(?:wget|cmd=)|\/shell\?cd\+|;\s*(?:wget|curl)\s+http/i;

const loginPath =
  /\/(?:login|log-in|signin|sign-in|logon|auth|authenticate|session|sessions|wp-login\.php|xmlrpc\.php|user\/login|users\/sign_in|account\/login|accounts\/login|api\/(?:v\d+\/)?(?:login|auth|token|session)s?|oauth\/token|token)(?:\.\w{2,5})?\/?$/i;

/** A refused login: a POST answered with a refusal, or wrong credentials in the Authorization header. */
export function isRefusedLogin(event: SecurityEvent): boolean {
  const status = field(event, 'status');
  if (status === '401') return field(event, 'method') === 'POST' || field(event, 'user') !== '';
  if (field(event, 'method') !== 'POST') return false;
  return status === '403' || (['400', '422', '429'].includes(status) && loginPath.test(field(event, 'path')));
}

/** A login form that comes back with 200 is shown again because it failed; a redirect means that it was accepted. */
function isFormShownAgain(event: SecurityEvent): boolean {
  return field(event, 'method') === 'POST' && field(event, 'status') === '200' && loginPath.test(field(event, 'path'));
}

/** Rules for HTTP. */
export const httpScenarios: readonly Scenario[] = [
  {
    ...http,
    name: 'tenstrip/http-probing',
    description: 'More than 10 different pages refused (400, 403, 404) to one address, leaking one in 10 seconds',
    references: ['T1595.003'],
    filter: (event) => isRefused(event) && field(event, 'resource') !== 'static',
    groupBy: addressAndHost,
    distinct: (event) => event.fields.path ?? event.fields.request,
    capacity: 10,
    leakSpeedMs: 10 * second,
    blackholeMs: 5 * minute,
  },
  {
    ...http,
    name: 'tenstrip/http-path-traversal-probing',
    description: 'More than 3 different requests that climb out of the document root, leaking one in 10 seconds',
    references: ['T1595.002'],
    filter: (event) => traversal.test(decoded(event)),
    distinct: decoded,
    capacity: 3,
    leakSpeedMs: 10 * second,
    blackholeMs: 2 * minute,
  },
  {
    ...http,
    name: 'tenstrip/http-sensitive-files',
    description: 'More than 4 different secret or leftover files asked for, leaking one in 5 seconds',
    references: ['T1595.003'],
    filter: (event) => sensitiveFile.test(field(event, 'path')) && field(event, 'status') !== '200',
    distinct: path,
    capacity: 4,
    leakSpeedMs: 5 * second,
    blackholeMs: 5 * minute,
  },
  {
    ...http,
    name: 'tenstrip/http-admin-interface-probing',
    description: 'More than 2 different administration interfaces that are not here, leaking one in 10 seconds',
    references: ['T1595'],
    filter: (event) => ['403', '404'].includes(field(event, 'status')) && adminInterface.test(field(event, 'path')),
    distinct: path,
    capacity: 2,
    leakSpeedMs: 10 * second,
    blackholeMs: minute,
  },
  {
    ...http,
    name: 'tenstrip/http-backdoors-attempts',
    description: 'More than 1 file name of a known web shell asked for, leaking one in 5 seconds',
    references: ['T1505.003'],
    filter: (event) => isRefused(event) && backdoor.test(field(event, 'path')),
    distinct: path,
    capacity: 1,
    leakSpeedMs: 5 * second,
    blackholeMs: 5 * minute,
  },
  {
    ...http,
    name: 'tenstrip/http-bad-user-agent',
    description: 'More than 1 request by a client that calls itself an attack tool, leaking one in a minute',
    references: ['T1595'],
    filter: (event) => scannerAgent.test(field(event, 'userAgent')),
    capacity: 1,
    leakSpeedMs: minute,
    blackholeMs: 2 * minute,
  },
  {
    ...http,
    name: 'tenstrip/http-sqli-probing',
    description: 'More than 5 different requests with SQL in their query, leaking one in 10 seconds',
    references: ['T1190'],
    filter: (event) => field(event, 'query') !== '' && sqlInjection.test(queryText(event)),
    distinct: decoded,
    capacity: 5,
    leakSpeedMs: 10 * second,
    blackholeMs: 5 * minute,
  },
  {
    ...http,
    name: 'tenstrip/http-xss-probing',
    description: 'More than 5 different requests with script in them, leaking one in 10 seconds',
    references: ['T1190'],
    filter: (event) => crossSiteScripting.test(decoded(event)),
    distinct: decoded,
    capacity: 5,
    leakSpeedMs: 10 * second,
    blackholeMs: 5 * minute,
  },
  {
    ...http,
    name: 'tenstrip/http-exploit-attempt',
    description: 'A request that exploits a known hole and has no other purpose',
    references: ['T1190'],
    filter: (event) =>
      exploit.test(decoded(event)) || exploit.test(field(event, 'userAgent')) || exploit.test(field(event, 'referrer')),
    capacity: 0,
    leakSpeedMs: minute,
    blackholeMs: minute,
  },
  {
    ...http,
    name: 'tenstrip/http-login-bf',
    description: 'More than 5 refused logins over HTTP from one address, leaking one in 10 seconds',
    references: ['T1110'],
    filter: isRefusedLogin,
    capacity: 5,
    leakSpeedMs: 10 * second,
    blackholeMs: minute,
  },
  {
    ...http,
    name: 'tenstrip/http-slow-login-bf',
    description: 'More than 10 refused logins over HTTP from one address, leaking one in a minute',
    references: ['T1110'],
    filter: isRefusedLogin,
    capacity: 10,
    leakSpeedMs: minute,
    blackholeMs: minute,
  },
  {
    ...http,
    name: 'tenstrip/http-login-form-bf',
    description: 'More than 10 login forms sent and shown again to one address, leaking one in 10 seconds',
    references: ['T1110', 'T1110.004'],
    filter: isFormShownAgain,
    capacity: 10,
    leakSpeedMs: 10 * second,
    blackholeMs: minute,
  },
  {
    ...http,
    name: 'tenstrip/http-wordpress-bf',
    description: 'More than 5 refused WordPress logins (wp-login.php answers 200), leaking one in 10 seconds',
    references: ['T1110'],
    filter: (event) => isFormShownAgain(event) && field(event, 'path').toLowerCase().endsWith('/wp-login.php'),
    capacity: 5,
    leakSpeedMs: 10 * second,
    blackholeMs: 5 * minute,
  },
];

/** The decoded target with `+` as a space, as a form is read, and SQL comments as spaces, as sqlmap hides them. */
function queryText(event: SecurityEvent): string {
  return decoded(event).replace(/\+|\/\*.{0,60}?\*\//g, ' ');
}
