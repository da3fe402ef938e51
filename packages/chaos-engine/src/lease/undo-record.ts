// How a fault is taken back, as data: a closed union, so that a journal can never name a command. Each can be done twice.

import { z } from 'zod';

const identity = { pid: z.number().int().min(2), startTime: z.number().int().min(0) };
/** Only tables of ours can be taken away. */
const tableName = z.string().regex(/^tenstrip_chaos_[0-9a-f]{1,32}$/, 'the name of a table of this engine');
/** A name of ip-netns(8); '' is the namespace of whoever undoes. */
export const namespaceName = z.string().regex(/^(?:[A-Za-z0-9][\w.-]{0,63})?$/, 'a name of ip-netns(8)');
const api = z.url({ protocol: /^https?$/ }).max(1024);
const proxyName = z.string().min(1).max(256);

/** The shape of {@link UndoRecord}. */
export const undoRecordSchema = z.discriminatedUnion('kind', [
  /** Lets a process run on that was stopped by SIGSTOP. */
  z.strictObject({ kind: z.literal('sigcont'), ...identity }),
  /** Ends a process that the engine started itself. */
  z.strictObject({ kind: z.literal('kill-own-child'), ...identity }),
  /** Takes an nftables table of family `inet` away. */
  z.strictObject({ kind: z.literal('nft-table'), table: tableName, namespace: namespaceName }),
  /** Takes a toxic off a proxy, by Toxiproxy's HTTP API. */
  z.strictObject({ kind: z.literal('proxy-toxic'), api, proxy: proxyName, toxic: z.string().min(1).max(256) }),
  /** Lets a proxy that was disabled listen again. */
  z.strictObject({ kind: z.literal('proxy-enable'), api, proxy: proxyName }),
]);

/** How one step of a fault is taken back. */
export type UndoRecord = z.output<typeof undoRecordSchema>;
