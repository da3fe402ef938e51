// A server of node:http that is granted, bounded, and gone when it is disposed.

import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ResourceGovernor, ungoverned } from '@tenstrip/shared-core';
import { TenstripError } from '@tenstrip/shared-core/errors';
import { z } from 'zod';
import type { LedgerErrorCode } from '../errors/index.js';

/** Where a server listens. */
export interface ListenAddress {
  /** Default `127.0.0.1`: keys go over the wire in clear text. */
  readonly host?: string;
  /** Default 8080; 0: any that is free. */
  readonly port?: number;
  /** Grants `net`. Default: ungoverned. */
  readonly governor?: ResourceGovernor;
}

/** A server that listens. */
export interface ListeningServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
}

const addressSchema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  port: z.number().int().min(0).max(65_535).default(8080),
  governor: z.unknown().optional(),
});

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  EADDRNOTAVAIL: 'the address is not one of this machine',
  ENOTFOUND: 'the name has no address',
  EACCES: 'ports below 1024 need root or CAP_NET_BIND_SERVICE',
};

function unusable(issues: readonly string[], cause?: unknown): TenstripError<LedgerErrorCode> {
  return new TenstripError<LedgerErrorCode>(
    'OptionsInvalid',
    `A server cannot listen so: ${issues.join('; ')}. Give another host or port, or port 0 for any that is free.`,
    { details: { issues }, cause },
  );
}

/** Connections at once. */
const maxConnections = 1024;

/**
 * Listens until disposed; `settled` is waited for then.
 * @throws TenstripError `CapabilityDenied`; `OptionsInvalid` also where the port is taken or the host is not this machine's.
 */
export async function listen(
  handler: RequestListener,
  address: ListenAddress,
  settled: () => Promise<void>,
): Promise<ListeningServer> {
  const parsed = addressSchema.safeParse(address);
  if (!parsed.success) throw unusable(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`));
  const { host, port } = parsed.data;
  const { governor = ungoverned } = address;
  if (governor.sandboxed) await governor.use('net').allow(host, port);
  const server = createServer({ maxHeaderSize: 16_384, requestTimeout: 30_000 }, handler);
  server.maxConnections = maxConnections;
  await new Promise<void>((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException) =>
      reject(unusable([`${host}:${port}: ${reasons[cause.code ?? ''] ?? `the system says ${cause.code}`}`], cause));
    server.once('error', fail).listen(port, host, () => {
      server.off('error', fail);
      resolve();
    });
  });
  const close = async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await settled();
  };
  return { host, port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: close };
}
