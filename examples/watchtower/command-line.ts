// The command line: four commands, their options, the help text and the exit codes that it promises.

import { parseArgs } from 'node:util';
import { TenstripError } from '@tenstrip/shared-core';

/** What the caller asked for. */
export type Command = WatchCommand | VerifyCommand | ExplainCommand | RulesCommand | { readonly name: 'help' };

/** Read logs, decide, record, show. */
export interface WatchCommand {
  readonly name: 'watch';
  /** Log files; empty: the recorded ones that come with the project. */
  readonly files: readonly string[];
  readonly follow: boolean;
  readonly json: boolean;
  /** Folder of a ledger to continue; `undefined`: a new one for this run. */
  readonly ledger: string | undefined;
  readonly report: string | undefined;
  readonly truth: string | undefined;
  /** Networks that are never blocked. */
  readonly allow: readonly string[];
  /** Time stamps that name no zone are in UTC, not in the machine's zone. */
  readonly utc: boolean;
}

/** Check a ledger on its own, with nothing but its folder. */
export interface VerifyCommand {
  readonly name: 'verify';
  readonly ledger: string;
  /** File with an older checkpoint, which the ledger must extend. */
  readonly checkpoint: string | undefined;
  /** The key that must have signed. */
  readonly key: string | undefined;
  /** The key that must have signed the attestations, and through them names the ledger's. */
  readonly attestationKey: string | undefined;
  readonly json: boolean;
}

/** Say why a decision stands. */
export interface ExplainCommand {
  readonly name: 'explain';
  readonly ledger: string;
  readonly id: bigint;
  readonly json: boolean;
}

/** Say what the thresholds of rules come to. */
export interface RulesCommand {
  readonly name: 'rules';
  /** Rules as formulas; `undefined`: those that come with the ledger. */
  readonly file: string | undefined;
  readonly json: boolean;
}

/** The promises of the exit code. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  unreadable: 3,
  tampered: 4,
  interrupted: 130,
} as const;

/** What `--help` prints. */
export const usage = `watchtower: finds attackers in logs and records every block in a provable ledger

usage
  npm start [-- <options> <file>…]            read logs to their end; without files: the recorded ones in tools/lab/record
  npm start -- --follow <file>…               keep reading as the files grow, through rotation and truncation; Ctrl-C ends it
  npm start -- verify <ledger> [options]      check every entry, proof and signature of a ledger, every attestation of its decisions, and
                                              the report that was attested; offline
  npm start -- explain <ledger> <id>          why a decision stands: rule, evidence, proof, and how to have it taken back
  npm start -- rules [<file>] [--json]        score formulas reduced; rules that are equal, never fire, or fire only where another does,
                                              with proofs. <file>: JSON, a list of { name, score, threshold, where }

options of reading
  --ledger <folder>   continue this ledger: files are read from where it stopped (default: a new one in .tenstrip/watchtower)
  --report <file>     where the report page goes (default: report.html beside the new ledger)
  --truth <file>      what each address really was, for precision and recall (default: truth.json beside the first log)
  --allow <network>   an address or network that is never blocked; may be given several times
  --utc               time stamps without a zone are in UTC (default: the machine's zone)

options of verify
  --checkpoint <file> an older checkpoint that the ledger must extend: finds a tail that was cut off
  --key <key>         the verifier key that must have signed (default: the key in the ledger's folder)
  --attestation-key <key>
                      the verifier key of the attestations (default: attestations/verifier.key in the ledger's folder). Given, it is
                      all that is trusted: the newest run attests the ledger's own key

options of all
  --json              one JSON document instead of text; with --follow one JSON line for each decision, then the document
  --help              this text

exit codes
  0    everything was read, and the ledger and its attestations verify
  1    it could not be done; one line on standard error says why
  2    the command line is wrong
  3    some log file could not be read; all others were
  4    ledger, attestations or report do not verify: something was changed or cut
  130  ended by Ctrl-C or SIGTERM, after everything read so far was written and verified
`;

/** @throws TenstripError `UsageInvalid` that says what is wrong with the arguments. */
export function parseCommandLine(args: readonly string[]): Command {
  const [first, ...rest] = args;
  if (args.includes('--help') || args.includes('-h')) return { name: 'help' };
  if (first === 'verify') return parseVerify(rest);
  if (first === 'explain') return parseExplain(rest);
  if (first === 'rules') return parseRules(rest);
  return parseWatch(args);
}

function parseWatch(args: readonly string[]): WatchCommand {
  const { values, positionals } = parse(args, {
    ...{ follow: { type: 'boolean' }, json: { type: 'boolean' }, utc: { type: 'boolean' } },
    ...{ ledger: { type: 'string' }, report: { type: 'string' }, truth: { type: 'string' } },
    allow: { type: 'string', multiple: true },
  });
  const { follow = false, json = false, utc = false, ledger, report, truth, allow = [] } = values;
  if (follow && positionals.length === 0) throw wrongUsage('--follow needs the files to follow');
  return { name: 'watch', files: positionals, follow, json, utc, ledger, report, truth, allow };
}

function parseVerify(args: readonly string[]): VerifyCommand {
  const { values, positionals } = parse(args, {
    ...{ checkpoint: { type: 'string' }, key: { type: 'string' }, json: { type: 'boolean' } },
    'attestation-key': { type: 'string' },
  });
  const [ledger, ...more] = positionals;
  if (ledger === undefined || more.length > 0) throw wrongUsage('verify takes one folder');
  const { checkpoint, key, 'attestation-key': attestationKey, json = false } = values;
  return { name: 'verify', ledger, checkpoint, key, attestationKey, json };
}

function parseExplain(args: readonly string[]): ExplainCommand {
  const { values, positionals } = parse(args, { json: { type: 'boolean' } });
  const [ledger, id, ...more] = positionals;
  if (ledger === undefined || id === undefined || more.length > 0)
    throw wrongUsage('explain takes a folder and a number');
  if (!/^\d{1,15}$/.test(id)) throw wrongUsage(`'${id}' is not the number of a decision`);
  return { name: 'explain', ledger, id: BigInt(id), json: values.json ?? false };
}

function parseRules(args: readonly string[]): RulesCommand {
  const { values, positionals } = parse(args, { json: { type: 'boolean' } });
  const [file, ...more] = positionals;
  if (more.length > 0) throw wrongUsage('rules takes one file');
  return { name: 'rules', file, json: values.json ?? false };
}

type OptionTable = Record<string, { type: 'boolean' | 'string'; multiple?: boolean }>;

function parse<const Options extends OptionTable>(args: readonly string[], options: Options) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw wrongUsage(error instanceof Error ? error.message : String(error));
  }
}

function wrongUsage(problem: string): TenstripError<'UsageInvalid'> {
  return new TenstripError('UsageInvalid', `${problem.replace(/\.$/, '')}. See npm start -- --help.`);
}
