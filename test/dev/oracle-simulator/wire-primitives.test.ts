import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OraError } from '../../../dev/oracle-simulator/ora-error.ts';
import { writeError } from '../../../dev/oracle-simulator/wire/end-of-call.ts';
import { sessionTimeZone } from '../../../dev/oracle-simulator/wire/logon.ts';
import {
  acceptPacket,
  DATA_FLAG,
  dataFlags,
  dataOf,
  dataPackets,
  PacketSplitter,
  refusePacket,
} from '../../../dev/oracle-simulator/wire/packets.ts';
import { NeedMore, ProtocolError, TtcReader } from '../../../dev/oracle-simulator/wire/reader.ts';
import { TtcWriter } from '../../../dev/oracle-simulator/wire/writer.ts';
import { readEnd } from './wire-client.ts';

type Field =
  | { readonly kind: 'ub'; readonly value: number }
  | { readonly kind: 'sb'; readonly value: number }
  | { readonly kind: 'bytes'; readonly value: Uint8Array }
  | { readonly kind: 'raw'; readonly value: Uint8Array };

const field: fc.Arbitrary<Field> = fc.oneof(
  fc.record({ kind: fc.constant('ub' as const), value: fc.maxSafeNat() }),
  fc.record({ kind: fc.constant('sb' as const), value: fc.maxSafeInteger() }),
  fc.record({
    kind: fc.constant('bytes' as const),
    value: fc.uint8Array({ minLength: 1, maxLength: 70_000 }),
  }),
  fc.record({ kind: fc.constant('raw' as const), value: fc.uint8Array({ minLength: 1, maxLength: 20 }) }),
);

function write(fields: readonly Field[]): Buffer {
  const writer = new TtcWriter();
  for (const each of fields) {
    if (each.kind === 'ub') writer.ub(each.value);
    else if (each.kind === 'sb') writer.sb(each.value);
    else if (each.kind === 'bytes') writer.bytes(each.value);
    else writer.raw(each.value);
  }
  return writer.take();
}

function read(reader: TtcReader, fields: readonly Field[]): unknown[] {
  return fields.map((each) => {
    if (each.kind === 'raw') return Uint8Array.from(reader.raw(each.value.length));
    if (each.kind === 'bytes') return Uint8Array.from(reader.bytes() ?? []);
    return reader.ub();
  });
}

describe('the reader', () => {
  test('reads requests that come in pieces of any size, one behind the other', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(field, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 30 }),
        fc.boolean(),
        (requests, sizes, once) => {
          const bytes = Buffer.concat(requests.map(write));
          const reader = new TtcReader();
          const found: unknown[][] = [];
          let at = 0;
          let round = 0;
          const parse = (fields: readonly Field[]): unknown[] =>
            once ? fields.flatMap((each) => reader.once(() => read(reader, [each]))) : read(reader, fields);
          while (found.length < requests.length) {
            reader.restart();
            try {
              const values = parse(requests[found.length] as Field[]);
              reader.finish();
              found.push(values);
            } catch (error) {
              if (!(error instanceof NeedMore)) throw error;
              expect(at).toBeLessThan(bytes.length);
              const size = sizes[round++ % sizes.length] as number;
              reader.append(Buffer.from(bytes.subarray(at, at + size)));
              at += size;
            }
          }
          expect(found).toEqual(requests.map((fields) => fields.map(({ value }) => value)));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('views that it handed out stay what they are when more comes', () => {
    const reader = new TtcReader(Buffer.from('abc'));
    const view = reader.raw(3);
    for (let index = 0; index < 40; index++) reader.append(Buffer.alloc(2000, 0x7a));
    expect(view.toString()).toBe('abc');
    reader.finish();
    expect(reader.left).toBe(80_000);
    reader.drop();
    expect(reader.left).toBe(0);
    expect(view.toString()).toBe('abc');
  });

  test('reads a long value that comes in many packets in one pass', () => {
    const long = Buffer.alloc(20_000_000, 1);
    const bytes = write([{ kind: 'bytes', value: long }]);
    const reader = new TtcReader();
    let value: Buffer | null = null;
    for (let at = 0; at < bytes.length; at += 8000) {
      reader.append(bytes.subarray(at, at + 8000));
      reader.restart();
      try {
        value = reader.bytes();
      } catch (error) {
        expect(error).toBeInstanceOf(NeedMore);
      }
    }
    expect(value?.length).toBe(long.length);
  });

  test('refuses integers and counts that cannot be', () => {
    expect(() => new TtcReader(Buffer.from([9, ...Array(9).fill(1)])).ub()).toThrow(ProtocolError);
    expect(() => new TtcReader(Buffer.from([0x81, 5])).count()).toThrow(ProtocolError);
    expect(() => new TtcReader(Buffer.from([5, 1, 0, 0, 0, 0])).count()).toThrow(ProtocolError);
    expect(() => new TtcReader(Buffer.from([2, 1])).ub()).toThrow(NeedMore);
  });
});

describe('packets', () => {
  test('a reply of any length, in units of any size, comes back whole', () => {
    fc.assert(
      fc.property(
        fc.record({
          payload: fc.uint8Array({ minLength: 1, maxLength: 5000 }),
          sduBytes: fc.integer({ min: 512, max: 2000 }),
          end: fc.constantFrom('marked' as const, 'plain' as const),
          piece: fc.integer({ min: 1, max: 700 }),
        }),
        ({ payload, sduBytes, end, piece }) => {
          const bytes = dataPackets(Buffer.from(payload), { sduBytes, end });
          const splitter = new PacketSplitter({ maxBytes: 65_535 });
          splitter.accepted({ maxBytes: sduBytes });
          const packets = [];
          for (let at = 0; at < bytes.length; at += piece) {
            splitter.append(bytes.subarray(at, at + piece));
            for (let packet = splitter.next(); packet !== null; packet = splitter.next())
              packets.push(packet);
          }
          const expected = end === 'marked' ? [...payload, 29] : [...payload];
          expect([...Buffer.concat(packets.map(dataOf))]).toEqual(expected);
          const marks = packets.map((packet) => (dataFlags(packet) & DATA_FLAG.endOfResponse) !== 0);
          expect(marks).toEqual(packets.map((_, index) => end === 'marked' && index === packets.length - 1));
        },
      ),
    );
  });

  test('lengths that cannot be', () => {
    for (const length of [0, 7, 513, 0xffff_ffff]) {
      const splitter = new PacketSplitter({ maxBytes: 512 });
      splitter.accepted({ maxBytes: 512 });
      const header = Buffer.alloc(8);
      header.writeUInt32BE(length, 0);
      splitter.append(header);
      expect(() => splitter.next()).toThrow(ProtocolError);
    }
  });

  test('ACCEPT has 45 bytes at 318 and 61 from 319 on; REFUSE names the error', () => {
    expect(acceptPacket({ version: 318, sduBytes: 8192, flags: 0 })).toHaveLength(45);
    const accept = acceptPacket({ version: 319, sduBytes: 2_000_000, flags: 0x0200_0000 });
    expect(accept).toHaveLength(61);
    expect(accept.readUInt16BE(20)).toBe(61);
    expect(accept.readUInt32BE(32)).toBe(2_000_000);
    expect(accept.readUInt32BE(41)).toBe(0x0200_0000);
    expect(refusePacket(12514, 'x').toString('latin1')).toContain('(ERR=12514)');
  });
});

describe('the end of a call', () => {
  const plain = {
    error: null,
    callNumber: 3,
    cursorId: 0,
    rowCount: 0,
    batchErrors: [],
    inTransaction: false,
    fieldVersion: 13,
  };

  test('numbers beyond two bytes, and offsets beyond their field, are told as far as they can be', () => {
    const writer = new TtcWriter();
    const error = new OraError(100_000, 'far', { offset: 100_000 });
    writeError(writer, { ...plain, error, rowCount: 5_000_000_000 });
    expect(readEnd(new TtcReader(writer.take()))).toEqual({
      callNumber: 3,
      number: 100_000,
      message: 'ORA-100000: far\n',
    });
  });

  test.each([1, 60, 61, 70_000])('%i failed iterations', (count) => {
    const writer = new TtcWriter();
    const error = new OraError(1, 'unique');
    const batchErrors = Array.from({ length: count }, (_, offset) => ({ offset: offset * 3, error }));
    writeError(writer, { ...plain, batchErrors });
    const reader = new TtcReader(writer.take());
    reader.uint8();
    for (let index = 0; index < 8; index++) reader.ub();
    reader.raw(6);
    for (let index = 0; index < 2; index++) reader.ub();
    reader.uint8();
    for (let index = 0; index < 3; index++) reader.ub();
    reader.raw(2);
    for (let index = 0; index < 3; index++) reader.ub();
    const list = (): number[] => {
      const length = reader.ub();
      const chunked = reader.uint8() === 0xfe;
      const values = Array.from({ length }, () => {
        if (chunked) reader.ub();
        return reader.ub();
      });
      if (chunked) expect(reader.uint8()).toBe(0);
      return values;
    };
    const told = Math.min(count, 65_535);
    expect(list()).toEqual(Array(told).fill(1));
    expect(list()).toEqual(batchErrors.slice(0, told).map(({ offset }) => offset));
    expect(reader.ub()).toBe(told);
    reader.uint8();
    for (let index = 0; index < told; index++) {
      expect(reader.ub()).toBe(17);
      expect(reader.text()).toBe('ORA-00001: unique');
      reader.raw(2);
    }
    expect([reader.ub(), reader.ub(), reader.left]).toEqual([0, 0, 0]);
  });
});

describe("the session's time zone", () => {
  const winter = new Date('2024-01-15T00:00:00Z');
  const zone = (text: string) => sessionTimeZone(`ALTER SESSION SET NLS_X='y' TIME_ZONE = '${text}'`, winter);

  test('offsets and regions', () => {
    expect(zone('+02:00')).toBe('+02:00');
    expect(zone('-3:30')).toBe('-03:30');
    expect(zone('+00:0')).toBe('+00:00');
    expect(zone('Europe/Berlin')).toBe('+01:00');
    expect(zone('UTC')).toBe('+00:00');
    expect(sessionTimeZone("ALTER SESSION SET NLS_X='y'", winter)).toBeNull();
    expect(sessionTimeZone(undefined, winter)).toBeNull();
    expect(() => zone('Mars/Olympus')).toThrow(/ORA-01882/);
    expect(() => zone('+99:00')).toThrow(/ORA-01874/);
  });
});
