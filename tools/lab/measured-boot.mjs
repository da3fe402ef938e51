// A measured boot as firmware does it: what is extended into which PCR, and the event log that tells of it, in the form of the TCG PC
// Client Platform Firmware Profile 1.06, section 10. What is measured is made up; the structures are the profile's.
import { createHash } from 'node:crypto';

/**
 * @typedef {object} BootEvent
 * @property {number} pcr
 * @property {number} type
 * @property {Buffer} data
 * @property {Buffer} [measured] what is hashed, where it is not the data
 */

const ALGORITHMS = /** @type {const} */ ({ sha1: [0x0004, 20], sha256: [0x000b, 32], sha384: [0x000c, 48] });
export const EVENT_TYPES = /** @type {const} */ ({
  EV_NO_ACTION: 3,
  EV_SEPARATOR: 4,
  EV_S_CRTM_VERSION: 8,
  EV_IPL: 0xd,
  EV_EFI_VARIABLE_DRIVER_CONFIG: 0x80000001,
  EV_EFI_BOOT_SERVICES_APPLICATION: 0x80000003,
  EV_EFI_ACTION: 0x80000007,
  EV_EFI_PLATFORM_FIRMWARE_BLOB: 0x80000008,
});

/**
 * The boot of a server with Secure Boot.
 * @param {string} kernel what the boot loader is told to start
 * @returns {BootEvent[]}
 */
export function bootEvents(kernel) {
  return [
    { pcr: 0, type: EVENT_TYPES.EV_S_CRTM_VERSION, data: Buffer.from('firmware 4.2\0', 'utf16le') },
    {
      pcr: 0,
      type: EVENT_TYPES.EV_EFI_PLATFORM_FIRMWARE_BLOB,
      data: Buffer.concat([uint64(0xff000000), uint64(0x40000)]),
      measured: Buffer.from('the driver volume of the firmware'),
    },
    { pcr: 7, type: EVENT_TYPES.EV_EFI_VARIABLE_DRIVER_CONFIG, data: efiVariable('SecureBoot', Buffer.from([1])) },
    ...Array.from({ length: 8 }, (_, pcr) => ({ pcr, type: EVENT_TYPES.EV_SEPARATOR, data: Buffer.alloc(4) })),
    {
      pcr: 4,
      type: EVENT_TYPES.EV_EFI_BOOT_SERVICES_APPLICATION,
      data: Buffer.concat([uint64(0x7e000000), uint64(0x2000), uint64(0), uint64(4), Buffer.from('7fff0400', 'hex')]),
      measured: Buffer.from('the image of the boot loader'),
    },
    { pcr: 8, type: EVENT_TYPES.EV_IPL, data: Buffer.from(`kernel_cmdline: ${kernel}\0`) },
    { pcr: 5, type: EVENT_TYPES.EV_EFI_ACTION, data: Buffer.from('Exit Boot Services Invocation') },
  ];
}

/**
 * The digests of an event, in hex.
 * @param {BootEvent} event
 * @param {readonly (keyof typeof ALGORITHMS)[]} banks
 * @returns {Record<string, string>}
 */
export function digestsOf({ data, measured = data }, banks) {
  return Object.fromEntries(banks.map((bank) => [bank, createHash(bank).update(measured).digest('hex')]));
}

/**
 * The event log.
 * @param {readonly BootEvent[]} events
 * @param {readonly (keyof typeof ALGORITHMS)[]} banks
 */
export function printEventLog(events, banks) {
  const algorithms = banks.map((bank) => Buffer.concat([uint16(ALGORITHMS[bank][0]), uint16(ALGORITHMS[bank][1])]));
  // Platform class 0 (client), version 2.0 errata 0, UINTN of 64 bits; nothing of the vendor.
  const version = Buffer.from('0000000000020002', 'hex');
  const specId = Buffer.concat([
    Buffer.from('Spec ID Event03\0'),
    version,
    uint32(banks.length),
    ...algorithms,
    Buffer.alloc(1),
  ]);
  const first = [uint32(0), uint32(EVENT_TYPES.EV_NO_ACTION), Buffer.alloc(20), uint32(specId.length), specId];
  return Buffer.concat([...first, ...events.map((event) => printEvent(event, banks))]);
}

/**
 * @param {BootEvent} event
 * @param {readonly (keyof typeof ALGORITHMS)[]} banks
 */
function printEvent(event, banks) {
  const isAction = event.type !== EVENT_TYPES.EV_NO_ACTION;
  const digests = banks.map((bank) => {
    const digest = isAction
      ? Buffer.from(digestsOf(event, [bank])[bank] ?? '', 'hex')
      : Buffer.alloc(ALGORITHMS[bank][1]);
    return Buffer.concat([uint16(ALGORITHMS[bank][0]), digest]);
  });
  const head = [uint32(event.pcr), uint32(event.type), uint32(banks.length), ...digests];
  return Buffer.concat([...head, uint32(event.data.length), event.data]);
}

/**
 * UEFI_VARIABLE_DATA of a global variable.
 * @param {string} name
 * @param {Buffer} value
 */
function efiVariable(name, value) {
  const globalVariable = Buffer.from('61dfe48bca93d211aa0d00e098032b8c', 'hex');
  return Buffer.concat([
    globalVariable,
    uint64(name.length),
    uint64(value.length),
    Buffer.from(name, 'utf16le'),
    value,
  ]);
}

/** @param {number} value */
function uint16(value) {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

/** @param {number} value */
function uint32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** @param {number} value */
function uint64(value) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
