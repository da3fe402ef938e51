// The event log of a measured boot: what was extended into which PCR, in order. Source: TCG PC Client Platform Firmware Profile 1.06,
// section 10 (TCG_EfiSpecIDEvent, TCG_PCR_EVENT2, the StartupLocality event); crypto-agile logs only. A PCR covers the digests of
// events; their types and data are claims, unless the data has the digest (`isDataMeasured`). Cost: one hash an event and bank.
import { hash } from 'node:crypto';
import type { Refusal } from '../../errors/index.js';
import { algorithmText, digestBytes, type HashName, hashOf } from './algorithms.js';
import { readStructure, StructureError, StructureReader } from './structure-reader.js';

/** A measurement. Its octets are views of the log. */
export interface MeasuredEvent {
  /** The PCR that was extended; 0xffffffff is possible for EV_NO_ACTION. */
  readonly pcr: number;
  /** Its name in the profile, or `0x` and eight hex digits. */
  readonly type: string;
  /** What was extended, by bank. */
  readonly digests: ReadonlyMap<HashName, Uint8Array>;
  readonly data: Uint8Array;
}

/** An event log, read. */
export interface EventLog {
  /** The banks of which it has digests. */
  readonly banks: readonly HashName[];
  readonly events: readonly MeasuredEvent[];
  /** From where the TPM was started: 0, 3 or 4. It is what PCR 0 began with. */
  readonly startupLocality: number;
}

const maximumLogBytes = 4 * 2 ** 20;
const maximumEvents = 16_384;
const maximumAlgorithms = 8;
const pcrs = 32;
const noPcr = 0xffff_ffff;
const noAction = 3;
const specIdSignature = 'Spec ID Event03\0';
const startupSignature = 'StartupLocality\0';

/** The log that `bytes` are. `EVENT_LOG_MALFORMED`, for SHA-1 logs of the old form too. */
export function parseEventLog(bytes: Uint8Array, path = 'eventLog'): EventLog | Refusal {
  const border = { code: 'EVENT_LOG_MALFORMED', path, maximum: maximumLogBytes, littleEndian: true } as const;
  return readStructure(bytes, border, (reader) => {
    const algorithms = readSpecId(reader);
    const events: MeasuredEvent[] = [];
    let startupLocality: number | undefined;
    let isPcr0Extended = false;
    while (reader.left > 0) {
      if (events.length === maximumEvents) throw new StructureError(`it has more than ${maximumEvents} events`);
      const event = readEvent(reader, algorithms);
      const isAction = event.type !== 'EV_NO_ACTION';
      if (!isAction && isStartup(event)) {
        if (startupLocality !== undefined || isPcr0Extended) throw new StructureError('StartupLocality comes too late');
        startupLocality = localityOf(event);
      }
      isPcr0Extended ||= isAction && event.pcr === 0;
      events.push(event);
    }
    const banks = [...algorithms.keys()].map(hashOf).filter((bank) => bank !== undefined);
    return { banks, events, startupLocality: startupLocality ?? 0 };
  });
}

/**
 * What the events lead to: the value of every PCR that was extended, or is asked for in `wanted` (`bank:index`), and of each bank of the
 * log. What is not in it has no digests in the log.
 */
export function replayEventLog(log: EventLog, wanted: Iterable<string> = []): Map<string, Uint8Array> {
  const values = new Map<string, Uint8Array>();
  const currentValue = (bank: HashName, pcr: number) =>
    values.get(`${bank}:${pcr}`) ?? initialValue(bank, pcr, log.startupLocality);
  for (const { pcr, type, digests } of log.events) {
    if (type === 'EV_NO_ACTION') continue;
    for (const [bank, digest] of digests) {
      values.set(`${bank}:${pcr}`, hash(bank, Buffer.concat([currentValue(bank, pcr), digest]), 'buffer'));
    }
  }
  for (const id of wanted) {
    const [bank, pcr] = id.split(':');
    const known = log.banks.find((name) => name === bank);
    if (known !== undefined) values.set(id, currentValue(known, Number(pcr)));
  }
  return values;
}

/** Whether the digest of an event is that of its data, so that the PCR vouches for the data. Not so for many types, by design. */
export function isDataMeasured({ type, digests, data }: MeasuredEvent, bank: HashName): boolean {
  if (type === 'EV_NO_ACTION') return false; // extends nothing, whatever digests it carries
  const digest = digests.get(bank);
  return digest !== undefined && hash(bank, data, 'buffer').equals(digest);
}

/** PCR 17 to 22 begin with ones until a dynamic launch; PCR 0 with the startup locality (TPM 2.0 Library Part 1, section 12). */
function initialValue(bank: HashName, pcr: number, startupLocality: number): Uint8Array {
  const value = Buffer.alloc(digestBytes[bank], pcr >= 17 && pcr <= 22 ? 0xff : 0);
  if (pcr === 0) value[value.length - 1] = startupLocality;
  return value;
}

// ------------------------------------------------------------------------------------------------------------ reading

/** The first event, in the old form: which algorithms the others have, and how long their digests are. */
function readSpecId(reader: StructureReader): Map<number, number> {
  reader.u32();
  const type = reader.u32();
  reader.octets(digestBytes.sha1);
  const data = reader.octets(reader.u32());
  const inner = new StructureReader(data, { littleEndian: true });
  if (type !== noAction || data.length < 16 || Buffer.from(inner.octets(16)).toString('latin1') !== specIdSignature) {
    throw new StructureError('it begins without a Spec ID Event03: only crypto-agile logs are read');
  }
  inner.octets(8); // platform class, version, size of UINTN
  const count = inner.u32();
  if (count < 1 || count > maximumAlgorithms) throw new StructureError(`it has ${count} algorithms; 1 to 8 are read`);
  const algorithms = new Map<number, number>();
  for (let at = 0; at < count; at++) {
    const [algorithm, length] = [inner.u16(), inner.u16()];
    const bank = hashOf(algorithm);
    if (
      length < 1 ||
      length > 64 ||
      (bank !== undefined && digestBytes[bank] !== length) ||
      algorithms.has(algorithm)
    ) {
      throw new StructureError(`its algorithm ${algorithmText(algorithm)} comes twice, or has ${length} octets`);
    }
    algorithms.set(algorithm, length);
  }
  inner.octets(inner.u8()); // what the vendor adds
  inner.end();
  return algorithms;
}

function readEvent(reader: StructureReader, algorithms: ReadonlyMap<number, number>): MeasuredEvent {
  const pcr = reader.u32();
  const typeNumber = reader.u32();
  if (pcr >= pcrs && !(typeNumber === noAction && pcr === noPcr)) throw new StructureError(`it extends a PCR ${pcr}`);
  const count = reader.u32();
  if (count !== algorithms.size)
    throw new StructureError(`an event has ${count} digests; the log has ${algorithms.size}`);
  const seen = new Set<number>();
  const digests = new Map<HashName, Uint8Array>();
  for (let at = 0; at < count; at++) {
    const algorithm = reader.u16();
    const length = algorithms.get(algorithm);
    if (length === undefined || seen.has(algorithm)) {
      throw new StructureError(`a digest is of ${algorithmText(algorithm)}, twice or not as its first event says`);
    }
    seen.add(algorithm);
    const digest = reader.octets(length);
    const bank = hashOf(algorithm);
    if (bank !== undefined) digests.set(bank, digest);
  }
  return { pcr, type: typeText(typeNumber), digests, data: reader.octets(reader.u32()) };
}

function isStartup({ pcr, data }: MeasuredEvent): boolean {
  return pcr === 0 && Buffer.from(data.subarray(0, startupSignature.length)).toString('latin1') === startupSignature;
}

function localityOf({ data }: MeasuredEvent): number {
  const locality = data[startupSignature.length];
  if (data.length !== startupSignature.length + 1 || (locality !== 0 && locality !== 3 && locality !== 4)) {
    throw new StructureError('its StartupLocality is none of 0, 3, 4');
  }
  return locality;
}

function typeText(type: number): string {
  return eventTypes.get(type) ?? `0x${type.toString(16).padStart(8, '0')}`;
}

/** Section 10.4.1 of the profile. */
const eventTypes: ReadonlyMap<number, string> = new Map([
  [0x0000_0000, 'EV_PREBOOT_CERT'],
  [0x0000_0001, 'EV_POST_CODE'],
  [0x0000_0003, 'EV_NO_ACTION'],
  [0x0000_0004, 'EV_SEPARATOR'],
  [0x0000_0005, 'EV_ACTION'],
  [0x0000_0006, 'EV_EVENT_TAG'],
  [0x0000_0007, 'EV_S_CRTM_CONTENTS'],
  [0x0000_0008, 'EV_S_CRTM_VERSION'],
  [0x0000_0009, 'EV_CPU_MICROCODE'],
  [0x0000_000a, 'EV_PLATFORM_CONFIG_FLAGS'],
  [0x0000_000b, 'EV_TABLE_OF_DEVICES'],
  [0x0000_000c, 'EV_COMPACT_HASH'],
  [0x0000_000d, 'EV_IPL'],
  [0x0000_000e, 'EV_IPL_PARTITION_DATA'],
  [0x0000_000f, 'EV_NONHOST_CODE'],
  [0x0000_0010, 'EV_NONHOST_CONFIG'],
  [0x0000_0011, 'EV_NONHOST_INFO'],
  [0x0000_0012, 'EV_OMIT_BOOT_DEVICE_EVENTS'],
  [0x0000_0013, 'EV_POST_CODE2'],
  [0x8000_0001, 'EV_EFI_VARIABLE_DRIVER_CONFIG'],
  [0x8000_0002, 'EV_EFI_VARIABLE_BOOT'],
  [0x8000_0003, 'EV_EFI_BOOT_SERVICES_APPLICATION'],
  [0x8000_0004, 'EV_EFI_BOOT_SERVICES_DRIVER'],
  [0x8000_0005, 'EV_EFI_RUNTIME_SERVICES_DRIVER'],
  [0x8000_0006, 'EV_EFI_GPT_EVENT'],
  [0x8000_0007, 'EV_EFI_ACTION'],
  [0x8000_0008, 'EV_EFI_PLATFORM_FIRMWARE_BLOB'],
  [0x8000_0009, 'EV_EFI_HANDOFF_TABLES'],
  [0x8000_000a, 'EV_EFI_PLATFORM_FIRMWARE_BLOB2'],
  [0x8000_000b, 'EV_EFI_HANDOFF_TABLES2'],
  [0x8000_000c, 'EV_EFI_VARIABLE_BOOT2'],
  [0x8000_000d, 'EV_EFI_GPT_EVENT2'],
  [0x8000_0010, 'EV_EFI_HCRTM_EVENT'],
  [0x8000_00e0, 'EV_EFI_VARIABLE_AUTHORITY'],
  [0x8000_00e1, 'EV_EFI_SPDM_FIRMWARE_BLOB'],
  [0x8000_00e2, 'EV_EFI_SPDM_FIRMWARE_CONFIG'],
  [0x8000_00e3, 'EV_EFI_SPDM_DEVICE_POLICY'],
  [0x8000_00e4, 'EV_EFI_SPDM_DEVICE_AUTHORITY'],
]);
