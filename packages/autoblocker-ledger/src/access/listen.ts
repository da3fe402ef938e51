// A server of node:http that is granted, bounded, and gone when it is disposed.

import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ResourceGovernor, ungoverned } from '@tenstrip/shared-core';

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

/** Connections at once. */
const maxConnections = 1024;

/**
 * Listens until disposed; `settled` is waited for then.
 * @throws TenstripError `CapabilityDenied`; Node's own error when the port is taken.
 */
export async function listen(
  handler: RequestListener,
  { host = '127.0.0.1', port = 8080, governor = ungoverned }: ListenAddress,
  settled: () => Promise<void>,
): Promise<ListeningServer> {
  if (governor.sandboxed) await governor.use('net').allow(host, port);
  const server = createServer({ maxHeaderSize: 16_384, requestTimeout: 30_000 }, handler);
  server.maxConnections = maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => resolve());
  });
  const close = async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await settled();
  };
  return { host, port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: close };
}
