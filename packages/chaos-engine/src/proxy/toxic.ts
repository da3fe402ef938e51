// Toxics as data: Toxiproxy's eight kinds with the attributes that its README documents.

import { TenstripError } from '@tenstrip/shared-core';
import type { ChaosErrorCode } from '../errors/index.js';

/** A kind of toxic, with its attributes: whole numbers, and 0 where they are left out. */
export type ToxicType =
  /** Passes everything. */
  | 'noop'
  /** Delays data by `latency` ± `jitter` milliseconds. */
  | 'latency'
  /** Lets through `rate` KB (1,000 bytes) a second; at 0 nothing. */
  | 'bandwidth'
  /** Delays the end of the stream by `delay` milliseconds. */
  | 'slow_close'
  /** Drops all data, and closes the connection `timeout` milliseconds after it began to act; at 0 it never does. */
  | 'timeout'
  /** Resets the connection `timeout` milliseconds after the first data, which is dropped. */
  | 'reset_peer'
  /** Cuts the stream into slices of `average_size` ± `size_variation` bytes, `delay` microseconds apart. */
  | 'slicer'
  /** Closes the connection after `bytes` bytes. */
  | 'limit_data';

/** Names of the attributes of each kind. */
export const toxicAttributes: Readonly<Record<ToxicType, readonly string[]>> = {
  noop: [],
  latency: ['latency', 'jitter'],
  bandwidth: ['rate'],
  slow_close: ['delay'],
  timeout: ['timeout'],
  reset_peer: ['timeout'],
  slicer: ['average_size', 'size_variation', 'delay'],
  limit_data: ['bytes'],
};

/** `upstream` is from client to server, `downstream` from server to client. */
export type ToxicStream = 'upstream' | 'downstream';

/** A toxic on a proxy. */
export interface Toxic {
  readonly name: string;
  readonly type: ToxicType;
  readonly stream: ToxicStream;
  /** The share of connections that it acts on, 0 to 1. */
  readonly toxicity: number;
  readonly attributes: Readonly<Record<string, number>>;
}

/** A toxic to be added. */
export interface ToxicSpec {
  readonly type: ToxicType;
  /** Default `<type>_<stream>`. */
  readonly name?: string;
  /** Default `downstream`. */
  readonly stream?: ToxicStream;
  /** Default 1. */
  readonly toxicity?: number;
  /** What is left out is 0. */
  readonly attributes?: Readonly<Record<string, number>>;
}

/** What is to be changed of a toxic. */
export interface ToxicChange {
  readonly toxicity?: number;
  /** What is left out stays. */
  readonly attributes?: Readonly<Record<string, number>>;
}

/** Whether a text names a kind of toxic. */
export function isToxicType(type: string): type is ToxicType {
  return Object.hasOwn(toxicAttributes, type);
}

/** A whole toxic of what was asked for. @throws TenstripError `OptionsInvalid` */
export function toxicOf(spec: ToxicSpec): Toxic {
  const { type, stream = 'downstream', toxicity = 1, attributes = {} } = spec;
  if (typeof type !== 'string' || !isToxicType(type)) {
    throw optionsInvalid('type', type, `one of ${Object.keys(toxicAttributes).join(', ')}`);
  }
  if (stream !== 'upstream' && stream !== 'downstream') {
    throw optionsInvalid('stream', stream, "'upstream' or 'downstream'");
  }
  assertToxicity(toxicity);
  const empty = Object.fromEntries(toxicAttributes[type].map((name) => [name, 0]));
  const name = spec.name ?? `${type}_${stream}`;
  if (typeof name !== 'string' || name === '' || name.length > 256) {
    throw optionsInvalid('name', name, 'a text of 1 to 256 characters');
  }
  return { name, type, stream, toxicity, attributes: withAttributes(type, empty, attributes) };
}

/** The toxic after a change. @throws TenstripError `OptionsInvalid` */
export function changedToxic(toxic: Toxic, { toxicity = toxic.toxicity, attributes = {} }: ToxicChange): Toxic {
  assertToxicity(toxicity);
  return { ...toxic, toxicity, attributes: withAttributes(toxic.type, toxic.attributes, attributes) };
}

function withAttributes(
  type: ToxicType,
  before: Readonly<Record<string, number>>,
  changes: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const names = toxicAttributes[type];
  for (const [name, value] of Object.entries(changes)) {
    if (!names.includes(name)) {
      throw optionsInvalid(`attributes.${name}`, value, `attributes of ${type}: ${names.join(', ') || 'none'}`);
    }
    if (!Number.isSafeInteger(value)) throw optionsInvalid(`attributes.${name}`, value, 'a whole number');
  }
  return { ...before, ...changes };
}

function assertToxicity(toxicity: number): void {
  if (typeof toxicity === 'number' && toxicity >= 0 && toxicity <= 1) return;
  throw optionsInvalid('toxicity', toxicity, 'a number from 0 to 1');
}

/** @throws TenstripError `OptionsInvalid` @internal */
export function assertOptions(options: unknown): void {
  if (typeof options !== 'object' || options === null) throw optionsInvalid('options', options, 'an object');
}

/** The error of an option that is wrong. */
export function optionsInvalid(path: string, value: unknown, wanted: string): TenstripError<ChaosErrorCode> {
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : String(value);
  return new TenstripError<ChaosErrorCode>('OptionsInvalid', `${path} is ${shown}; give ${wanted}`, {
    details: { issues: [{ path, wanted }] },
  });
}
