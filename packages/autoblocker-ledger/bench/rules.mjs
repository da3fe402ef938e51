// Rules in the hub's format that are written here, so that a benchmark needs no corpus: what reads sshd, and many scenarios of
// other services. And those of a folder, as a peer has them.
import { readRuleFiles } from '@tenstrip/autoblocker-ledger';

/** The parsers and scenarios of a folder. */
export async function hubRules(folder) {
  return (await readRuleFiles(folder)).filter(({ path }) => /^(?:parsers|scenarios)/.test(path));
}

const parsers = [
  {
    path: 'parsers/s00-raw/bench/syslog.yaml',
    text: `name: bench/syslog
onsuccess: next_stage
filter: "evt.Line.Labels.type == 'syslog'"
grok:
  pattern: '^%{SYSLOGLINE}'
  apply_on: Line.Raw
statics:
  - target: evt.StrTime
    expression: evt.Parsed.timestamp8601
`,
  },
  {
    path: 'parsers/s01-parse/bench/sshd.yaml',
    text: `name: bench/sshd
onsuccess: next_stage
filter: "evt.Parsed.program == 'sshd'"
grok:
  pattern: 'Failed %{WORD:method} for (?:invalid user )?%{USERNAME:user} from %{IP:client} port %{NUMBER:port} ssh2'
  apply_on: message
statics:
  - meta: service
    value: ssh
  - meta: log_type
    value: ssh_failed-auth
  - meta: source_ip
    expression: evt.Parsed.client
  - meta: target_user
    expression: evt.Parsed.user
`,
  },
  {
    path: 'parsers/s02-enrich/bench/date.yaml',
    text: `name: bench/date
filter: "evt.StrTime != ''"
statics:
  - method: ParseDate
    expression: evt.StrTime
`,
  },
];

/** Filters as scenarios of the hub have them, none true of a line of sshd. */
const filters = [
  (number) => `evt.Meta.log_type == 'service-${number}_failed-auth'`,
  (number) => `evt.Meta.service == 'service-${number}' && evt.Meta.log_type in ['failed-auth', 'bad-user']`,
  (number) =>
    `evt.Meta.log_type in ['http_access-log', 'http_error-log'] && evt.Parsed.file_name contains '/path-${number}'`,
  (number) => `evt.Meta.service == 'http' && Upper(evt.Meta.http_path) contains Upper('/admin-${number}.php?id=')`,
  (number) =>
    `evt.Meta.log_type == 'http_access-log' && evt.Parsed.verb == 'POST' && evt.Meta.http_path matches '^/a${number}/[0-9]+$'`,
];

function scenario(number) {
  return {
    path: `scenarios/bench/rule-${number}.yaml`,
    text: `type: leaky
name: bench/rule-${number}
description: "one of many"
filter: "${filters[number % filters.length](number)}"
groupby: evt.Meta.source_ip
capacity: 5
leakspeed: 10s
labels: { remediation: true }
`,
  };
}

/** Parsers of sshd and so many scenarios that have nothing to do with it. */
export const rulesBeside = (count) => [...parsers, ...Array.from({ length: count }, (_, number) => scenario(number))];
