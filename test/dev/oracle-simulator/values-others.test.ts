import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LobCell } from '../../../dev/oracle-simulator/types.ts';
import { decodeFloat, encodeFloat } from '../../../dev/oracle-simulator/values/binary-float.ts';
import {
  decodeDaysSeconds,
  decodeYearsMonths,
  encodeDaysSeconds,
  encodeYearsMonths,
} from '../../../dev/oracle-simulator/values/interval.ts';
import { decodeLocator, encodeLocator } from '../../../dev/oracle-simulator/values/lob-locator.ts';
import { readRowid, writeRowid, writeUrowid } from '../../../dev/oracle-simulator/values/rowid.ts';
import { decodeText, encodeText } from '../../../dev/oracle-simulator/values/text.ts';
import { TtcReader } from '../../../dev/oracle-simulator/wire/reader.ts';
import { TtcWriter } from '../../../dev/oracle-simulator/wire/writer.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('BINARY_FLOAT and BINARY_DOUBLE', () => {
  it.each([
    ['0', 8, '8000000000000000'],
    ['1', 8, 'bff0000000000000'],
    ['-1', 8, '400fffffffffffff'],
    ['Infinity', 8, 'fff0000000000000'],
    ['-Infinity', 8, '000fffffffffffff'],
    ['NaN', 8, 'fff8000000000000'],
    ['1.5', 4, 'bfc00000'],
    ['-1.5', 4, '403fffff'],
    ['NaN', 4, 'ffc00000'],
  ] as const)('%s in %i bytes is %s', (text, size, bytes) => {
    expect(hex(encodeFloat(text, size))).toBe(bytes);
    expect(decodeFloat(Buffer.from(bytes, 'hex'))).toBe(text);
  });

  it('has one zero, as Oracle has', () => {
    expect(hex(encodeFloat('-0', 8))).toBe('8000000000000000');
    expect(hex(encodeFloat('-1e-60', 4))).toBe('80000000');
    expect(decodeFloat(Buffer.from('7fffffffffffffff', 'hex'))).toBe('0');
  });

  it.each([
    ['1e+300', 8],
    ['1e+15', 8],
    ['100000000000000', 8],
    ['1e-05', 8],
    ['0.0001', 8],
    ['5e-324', 8],
    ['1.7976931348623157e+308', 8],
    ['1e+06', 4],
    ['100000', 4],
    ['3.4028235e+38', 4],
    ['1e-45', 4],
    ['0.1', 4],
    ['16777216', 8],
    ['1.6777216e+07', 4],
  ] as const)('%s (%i bytes) is printed as PostgreSQL prints it', (text, size) => {
    expect(decodeFloat(encodeFloat(text, size))).toBe(text);
  });

  it('refuses what is out of range or no number', () => {
    expect(() => encodeFloat('1e39', 4)).toThrow(/ORA-01426/);
    expect(() => encodeFloat('1e400', 8)).toThrow(/ORA-01426/);
    expect(() => encodeFloat('one', 8)).toThrow(/ORA-01722/);
    expect(() => decodeFloat(Buffer.alloc(3))).toThrow(/ORA-01722/);
  });

  it('comes back as it was, and sorts by bytes as by value', () => {
    fc.assert(
      fc.property(fc.double(), fc.double(), (a, b) => {
        const [left, right] = [encodeFloat(String(a), 8), encodeFloat(String(b), 8)];
        expect(Number(decodeFloat(left))).toBe(a === 0 ? 0 : a);
        if (!Number.isNaN(a) && !Number.isNaN(b)) {
          expect(Buffer.compare(left, right)).toBe(a < b ? -1 : a > b ? 1 : 0);
        }
      }),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(fc.float(), (value) => {
        expect(Math.fround(Number(decodeFloat(encodeFloat(String(value), 4))))).toBe(value === 0 ? 0 : value);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('intervals', () => {
  it.each([
    ['0-00', [0x80, 0, 0, 0, 60]],
    ['3-11', [0x80, 0, 0, 3, 71]],
    ['-3-11', [0x7f, 0xff, 0xff, 0xfd, 49]],
    ['-0-01', [0x80, 0, 0, 0, 59]],
  ])('%s years and months', (text, bytes) => {
    expect([...encodeYearsMonths(text)]).toEqual(bytes);
    expect(decodeYearsMonths(Uint8Array.from(bytes))).toBe(text);
  });

  it.each([
    ['0 00:00:00', [0x80, 0, 0, 0, 60, 60, 60, 0x80, 0, 0, 0]],
    ['12 03:04:05.000000001', [0x80, 0, 0, 12, 63, 64, 65, 0x80, 0, 0, 1]],
    ['-12 03:04:05.000000001', [0x7f, 0xff, 0xff, 0xf4, 57, 56, 55, 0x7f, 0xff, 0xff, 0xff]],
    ['-0 00:00:00.5', [0x80, 0, 0, 0, 60, 60, 60, 0x62, 0x32, 0x9b, 0]],
  ])('%s days and seconds', (text, bytes) => {
    expect([...encodeDaysSeconds(text)]).toEqual(bytes);
    expect(decodeDaysSeconds(Uint8Array.from(bytes))).toBe(text);
  });

  it('refuses what is no interval', () => {
    expect(() => encodeYearsMonths('1-12')).toThrow(/ORA-01843/);
    expect(() => encodeYearsMonths('1000000000-00')).toThrow(/ORA-01873/);
    expect(() => encodeYearsMonths('1 year')).toThrow(/ORA-01867/);
    expect(() => encodeDaysSeconds('1 24:00:00')).toThrow(/ORA-01867/);
    expect(() => encodeDaysSeconds('1000000000 00:00:00')).toThrow(/ORA-01873/);
    expect(() => decodeYearsMonths(Uint8Array.of(0x80, 0, 0, 1))).toThrow(/ORA-01867/);
    expect(() => decodeDaysSeconds(Uint8Array.of(1, 2, 3))).toThrow(/ORA-01867/);
  });

  it('of fields with both signs are added up', () => {
    expect(decodeYearsMonths(Uint8Array.of(0x80, 0, 0, 1, 59))).toBe('0-11');
    expect(decodeDaysSeconds(Uint8Array.of(0x7f, 0xff, 0xff, 0xfd, 60, 60, 65, 0x80, 0, 0x1b, 0x58))).toBe(
      '-2 23:59:54.999993',
    );
  });

  it('come back as they were', () => {
    const two = (value: number): string => String(value).padStart(2, '0');
    const leading = fc.integer({ min: 0, max: 999_999_999 });
    fc.assert(
      fc.property(fc.boolean(), leading, fc.nat(11), (negative, years, months) => {
        const text = `${negative && years + months > 0 ? '-' : ''}${years}-${two(months)}`;
        expect(decodeYearsMonths(encodeYearsMonths(text))).toBe(text);
      }),
    );
    const time = fc.tuple(fc.nat(23), fc.nat(59), fc.nat(59), fc.nat(999_999_999));
    fc.assert(
      fc.property(fc.boolean(), leading, time, (negative, days, [hours, minutes, seconds, nanos]) => {
        const zero = days + hours + minutes + seconds + nanos === 0;
        const fraction = nanos === 0 ? '' : `.${String(nanos).padStart(9, '0').replace(/0+$/, '')}`;
        const clock = `${two(hours)}:${two(minutes)}:${two(seconds)}${fraction}`;
        const text = `${negative && !zero ? '-' : ''}${days} ${clock}`;
        expect(decodeDaysSeconds(encodeDaysSeconds(text))).toBe(text);
      }),
    );
  });
});

describe('text', () => {
  it('is UTF-8 in form 1, UTF-16 in form 2', () => {
    expect(hex(encodeText('é😀', 1))).toBe('c3a9f09f9880');
    expect(hex(encodeText('é😀', 2))).toBe('00e9d83dde00');
  });

  it('comes back as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom(1 as const, 2 as const), (text, form) => {
        expect(decodeText(encodeText(text, form), form)).toBe(text);
      }),
    );
  });

  it('leaves the bytes that it reads as they were', () => {
    const bytes = Buffer.from('00e900e8', 'hex');
    expect(decodeText(bytes, 2)).toBe('éè');
    expect(hex(bytes)).toBe('00e900e8');
  });
});

describe('ROWID', () => {
  it('is four numbers behind a length that is not 0', () => {
    const writer = new TtcWriter();
    writeRowid(writer, 'AAAAABAACAAAAADAAE');
    expect(hex(writer.take())).toBe(`0e${'0101'}${'0102'}00${'0103'}${'0104'}`);
  });

  it('is bound as the same four numbers by some clients', () => {
    const writer = new TtcWriter();
    writeRowid(writer, 'AAAAABAACAAAAADAAE');
    writer.uint8(0);
    const reader = new TtcReader(writer.take());
    expect(readRowid(reader)).toBe('AAAAABAACAAAAADAAE');
    expect(readRowid(reader)).toBe(null);
    expect(reader.left).toBe(0);
  });

  it('as UROWID is 13 bytes behind their length', () => {
    const writer = new TtcWriter();
    writeUrowid(writer, 'AAAAABAACAAAAADAAE');
    expect(hex(writer.take())).toBe('010d0d01000000010002000000030004');
  });

  it.each(['', 'AAAAABAACAAAAADAA', 'AAAAABAACAAAAADAA!', '//////AACAAAAADAAE'])('refuses %j', (text) => {
    expect(() => writeRowid(new TtcWriter(), text)).toThrow(/ORA-01410/);
  });
});

describe('LOB locators', () => {
  const owner = { id: 7, serial: 0xfffffffe };
  const cell: LobCell = { lob: 123_456, kind: 'CLOB' };

  it('say what clients look for in them', () => {
    const clob = encodeLocator(cell, owner, 'temporary');
    expect(clob).toHaveLength(40);
    expect(hex(clob.subarray(0, 8))).toBe('0026000102088001');
    const nclob = encodeLocator({ lob: 1, kind: 'NCLOB' }, owner, 'persistent');
    expect(hex(nclob.subarray(0, 8))).toBe('0026000102488000');
    const blob = encodeLocator({ lob: 1, kind: 'BLOB' }, owner, 'persistent');
    expect(hex(blob.subarray(0, 8))).toBe('0026000101080000');
  });

  it('name a LOB of one session', () => {
    for (const kind of ['CLOB', 'NCLOB', 'BLOB'] as const) {
      const locator = encodeLocator({ lob: 5, kind }, owner, 'persistent');
      expect(decodeLocator(locator, owner)).toEqual({ lob: 5, kind });
      expect(() => decodeLocator(locator, { ...owner, serial: 1 })).toThrow(/ORA-22275/);
      expect(() => decodeLocator(locator, { ...owner, id: 8 })).toThrow(/ORA-22275/);
    }
    expect(() => decodeLocator(Buffer.alloc(40), owner)).toThrow(/ORA-22275/);
    expect(() => decodeLocator(Buffer.alloc(3), owner)).toThrow(/ORA-22275/);
  });

  it('are read behind the padding of a longer buffer', () => {
    const padded = Buffer.concat([encodeLocator(cell, owner, 'temporary'), Buffer.alloc(68)]);
    expect(decodeLocator(padded, owner)).toEqual(cell);
  });
});
