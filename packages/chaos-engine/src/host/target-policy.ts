// What may be harmed on this host: nothing that is not listed here. The rest of the engine asks this module and nobody else.

import { TenstripError } from '@tenstrip/shared-core/errors';
import { z } from 'zod';
import type { ChaosErrorCode } from '../errors/index.js';
import { namespaceName } from '../lease/index.js';

const proxyName = z.string().min(1).max(256);

/** What may be harmed, and how much of it at once. Everything defaults to nothing. */
export const targetPolicySchema = z.strictObject({
  processes: z
    .strictObject({
      /** Processes that descend from this one. */
      ownChildren: z.boolean().default(false),
      pids: z.array(z.number().int().min(2)).max(4096).default([]),
      /** Patterns of whole command lines, words joined by blanks; `*` stands for anything. */
      commands: z.array(z.string().min(1).max(1024)).max(256).default([]),
    })
    .prefault({}),
  /** Network namespaces by their names of ip-netns(8). `''` is the one that the engine runs in: think twice. */
  namespaces: z.array(namespaceName).max(256).default([]),
  /** Proxies by name, each with the address of its Toxiproxy API, such as `http://127.0.0.1:8474`. */
  proxies: z.record(proxyName, z.url({ protocol: /^https?$/ }).max(1024)).default({}),
  /** What burners may take. */
  host: z
    .strictObject({ cores: z.number().int().min(0).max(1024).default(0), bytes: z.number().int().min(0).default(0) })
    .prefault({}),
  /** Active targets of one sort (processes, namespaces, proxies): at most so many, and at most such a share of the allowed ones. */
  blastRadius: z
    .strictObject({
      targets: z.number().int().min(0).max(4096).default(1),
      percent: z.number().min(0).max(100).default(100),
    })
    .prefault({}),
  /** Whether faults are allowed that cannot be undone. */
  irreversible: z.boolean().default(false),
  /** The longest time of a fault, in milliseconds. */
  maximumTtlMs: z.number().int().min(1).max(86_400_000).default(600_000),
});

/** What may be harmed. */
export type TargetPolicy = z.output<typeof targetPolicySchema>;
/** The same, as it is written. */
export type TargetPolicyInput = z.input<typeof targetPolicySchema>;

/** @throws TenstripError `OptionsInvalid` */
export function checkedPolicy(policy: TargetPolicyInput): TargetPolicy {
  const { data, error } = targetPolicySchema.safeParse(policy);
  if (data !== undefined) return data;
  const issues = error.issues.map(({ path, message }) => `${path.join('.') || 'policy'}: ${message}`);
  throw new TenstripError<ChaosErrorCode>('OptionsInvalid', `this is no target policy: ${issues.join('; ')}.`, {
    details: { issues },
  });
}

/** Whether a text matches a pattern in which `*` stands for anything. O(text × stars), without backtracking over stars passed. */
export function matchesPattern(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return text === pattern;
  if (!text.startsWith(first)) return false;
  const last = rest.pop() ?? '';
  let from = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, from);
    if (found < 0) return false;
    from = found + part.length;
  }
  return text.length - last.length >= from && text.endsWith(last);
}
