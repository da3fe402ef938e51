import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type BootEvent, bootEvents, EVENT_TYPES, printEventLog } from '../../../../../tools/lab/measured-boot.mjs';
import {
  type EventLog,
  isDataMeasured,
  type MeasuredEvent,
  parseEventLog,
  replayEventLog,
} from '../../../src/index.js';

const events = bootEvents('vmlinuz');
const startup = (locality: number): BootEvent => ({
  pcr: 0,
  type: EVENT_TYPES.EV_NO_ACTION,
  data: Buffer.concat([Buffer.from('StartupLocality\0'), Buffer.from([locality])]),
});

function read(bytes: Uint8Array): EventLog {
  const log = parseEventLog(bytes);
  if ('ok' in log) throw new Error(log.detail);
  return log;
}

/** By hand: a PCR is the hash of its old value and the digest (TPM 2.0 Library Part 1, section 17.2). */
function extended(bank: string, from: Buffer, measured: readonly Buffer[]): string {
  const digest = (...parts: Buffer[]) => createHash(bank).update(Buffer.concat(parts)).digest();
  return measured.reduce((value, data) => digest(value, digest(data)), from).toString('hex');
}

describe('an event log', () => {
  it('tells the events in order, and which of them have measured data', () => {
    const log = read(printEventLog(events, ['sha256', 'sha384']));
    expect(log.banks).toEqual(['sha256', 'sha384']);
    expect(log.events.map(({ pcr, data }) => [pcr, Buffer.from(data)])).toEqual(
      events.map(({ pcr, data }) => [pcr, data]),
    );
    expect(log.events[0]!.type).toBe('EV_S_CRTM_VERSION');
    for (const [at, event] of log.events.entries()) {
      expect(isDataMeasured(event, 'sha384')).toBe(events[at]!.measured === undefined);
      expect(isDataMeasured(event, 'sha1')).toBe(false);
    }
  });

  it('takes no data for measured that an event without an action carries', () => {
    const data = Buffer.from('claimed');
    const log = read(printEventLog([...events, { pcr: 7, type: EVENT_TYPES.EV_NO_ACTION, data }], ['sha256']));
    const { digests, ...event } = log.events.at(-1)!;
    const claimed = {
      ...event,
      digests: new Map([...digests, ['sha256', createHash('sha256').update(data).digest()]]),
    };
    expect(isDataMeasured(claimed as MeasuredEvent, 'sha256')).toBe(false);
    expect(isDataMeasured({ ...claimed, type: 'EV_ACTION' } as MeasuredEvent, 'sha256')).toBe(true);
  });

  it('leads to the values that hashing by hand leads to', () => {
    const values = replayEventLog(read(printEventLog(events, ['sha256', 'sha384'])), ['sha384:9', 'sha1:9']);
    const measured = (pcr: number) =>
      events.filter((event) => event.pcr === pcr).map((event) => event.measured ?? event.data);
    for (const pcr of [0, 4, 5, 7, 8]) {
      const value = Buffer.from(values.get(`sha256:${pcr}`)!).toString('hex');
      expect(value).toBe(extended('sha256', Buffer.alloc(32), measured(pcr)));
    }
    expect(values.get('sha384:9')).toEqual(Buffer.alloc(48));
    expect(values.has('sha1:9')).toBe(false);
  });

  it('begins PCR 0 with the locality of its start, and PCR 17 with ones', () => {
    const dynamic: BootEvent = { pcr: 17, type: 0x501, data: Buffer.from('x') };
    const log = read(printEventLog([startup(3), ...events, dynamic], ['sha256']));
    expect(log.startupLocality).toBe(3);
    expect(log.events.at(-1)!.type).toBe('0x00000501');
    const from = Buffer.alloc(32);
    from[31] = 3;
    const measured = events.filter(({ pcr }) => pcr === 0).map((event) => event.measured ?? event.data);
    const values = replayEventLog(log);
    expect(Buffer.from(values.get('sha256:0')!).toString('hex')).toBe(extended('sha256', from, measured));
    const ones = extended('sha256', Buffer.alloc(32, 0xff), [dynamic.data]);
    expect(Buffer.from(values.get('sha256:17')!).toString('hex')).toBe(ones);
  });

  it('is refused with a start that comes twice, late, or from another locality', () => {
    const wrong = [
      [startup(3), startup(3)],
      [events[0]!, startup(3)],
      [startup(5)],
      [{ ...startup(3), data: startup(3).data.subarray(0, 16) }],
    ];
    for (const log of wrong) {
      expect(parseEventLog(printEventLog(log, ['sha256']))).toMatchObject({ code: 'EVENT_LOG_MALFORMED' });
    }
  });

  it('of the old form, empty, cut, longer, or with digests missing is refused', () => {
    const log = printEventLog(events, ['sha256']);
    const old = Buffer.from(log);
    old.write('Spec ID Event00', 32);
    const few = Buffer.from(log);
    few[65 + 8] = 0; // the count of digests of the first event
    const foreign = Buffer.from(log);
    foreign[65 + 12] = 0x0c;
    const high = Buffer.from(log);
    high[65] = 32;
    const wrong = [
      Buffer.alloc(0),
      old,
      few,
      foreign,
      high,
      Buffer.concat([log, Buffer.alloc(1)]),
      Buffer.alloc(2 ** 22 + 1),
    ];
    for (const bytes of wrong) expect(parseEventLog(bytes)).toMatchObject({ code: 'EVENT_LOG_MALFORMED' });
    const ends = new Set<number>();
    for (let length = 0; length < log.length; length++) {
      const cut = parseEventLog(log.subarray(0, length));
      if (!('ok' in cut)) ends.add(cut.events.length);
    }
    expect(ends.size).toBe(events.length); // a log cut between two events is one, of fewer events
  });

  it('of more events than are read is refused', () => {
    const separator: BootEvent = { pcr: 1, type: 4, data: Buffer.alloc(0) };
    const log = printEventLog([separator], ['sha256']);
    const event = log.subarray(65);
    const times = (count: number) =>
      Buffer.concat([log.subarray(0, 65), ...Array.from({ length: count }, () => event)]);
    expect(read(times(16_384)).events.length).toBe(16_384);
    expect(parseEventLog(times(16_385))).toMatchObject({ code: 'EVENT_LOG_MALFORMED' });
  });
});
