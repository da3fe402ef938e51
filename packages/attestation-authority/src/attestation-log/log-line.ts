// The entries of an authority's log: one line each. Only digests enter the log, so it can be public.
//   tenstrip.dev/attest/v1 sha256:<SHA-256 of the pre-authentication encoding, hex> <status number, or ->
//   tenstrip.dev/revoke/v1 <status number> <reason>
import { statusListBits } from '../status/index.js';

/** Why an attestation was revoked; the reasons of RFC 5280 section 5.3.1 that fit any statement. */
export type RevocationReason = 'unspecified' | 'key-compromise' | 'superseded' | 'cessation' | 'privilege-withdrawn';

/** All reasons. */
export const revocationReasons: readonly RevocationReason[] = [
  'unspecified',
  'key-compromise',
  'superseded',
  'cessation',
  'privilege-withdrawn',
];

/** An entry, read. A status number counts over all lists of an authority: list * 131,072 + index. */
export type LogLine =
  | { readonly kind: 'attest'; readonly digest: string; readonly status: number | undefined }
  | { readonly kind: 'revoke'; readonly status: number; readonly reason: RevocationReason };

const attestHead = 'tenstrip.dev/attest/v1 sha256:';
const attestHeadBytes = Buffer.from(attestHead, 'latin1');

/** The line of an attestation, newline included. `digest` is hex. */
export function attestLine(digest: string, status: number | undefined): string {
  const end = ` ${status ?? '-'}\n`; // apart: one text of a few characters, where a chain of four would be made
  return `${attestHead}${digest}${end}`;
}

/** Most bytes of {@link attestLine}. */
export const maximumAttestLine = attestHead.length + 64 + 1 + 15 + 1;

/** Writes {@link attestLine} from `at` on, where there is room for the longest, and returns where it ends. */
export function writeAttestLine(room: Buffer, at: number, digest: string, status: number | undefined): number {
  for (let next = 0; next < attestHeadBytes.length; next++) room[at + next] = attestHeadBytes[next]!;
  let end = at + attestHeadBytes.length;
  end += room.write(digest, end, 'latin1');
  room[end++] = 0x20;
  const number = `${status ?? '-'}`;
  for (let next = 0; next < number.length; next++) room[end++] = number.charCodeAt(next);
  room[end++] = 0x0a;
  return end;
}

/** The line of a revocation, newline included. */
export function revokeLine(status: number, reason: RevocationReason): string {
  return `tenstrip.dev/revoke/v1 ${status} ${reason}\n`;
}

const attestPattern = /^tenstrip\.dev\/attest\/v1 sha256:([0-9a-f]{64}) (-|0|[1-9]\d{0,14})\n$/;
const revokePattern = /^tenstrip\.dev\/revoke\/v1 (0|[1-9]\d{0,14}) ([a-z-]+)\n$/;

/** The entry that a line is, or `undefined`. */
export function readLogLine(entry: Uint8Array): LogLine | undefined {
  const line = Buffer.from(entry.buffer, entry.byteOffset, entry.length).toString('latin1');
  const [, digest, number] = attestPattern.exec(line) ?? [];
  if (digest !== undefined) {
    return { kind: 'attest', digest, status: number === '-' ? undefined : Number(number) };
  }
  const [, revoked, reason] = revokePattern.exec(line) ?? [];
  const known = revocationReasons.find((one) => one === reason);
  return known === undefined ? undefined : { kind: 'revoke', status: Number(revoked), reason: known };
}

/** The status number of a place in a list whose name ends in `/` and its number; `undefined` when there is none. */
export function statusNumberOf(
  place: { readonly list: string; readonly index: number } | undefined,
): number | undefined {
  if (place === undefined) return undefined;
  const number = /\/(0|[1-9]\d{0,8})$/.exec(place.list)?.[1];
  return number === undefined || place.index >= statusListBits
    ? undefined
    : Number(number) * statusListBits + place.index;
}
