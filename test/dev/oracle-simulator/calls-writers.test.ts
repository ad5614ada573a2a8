import { describe, expect, it } from 'vitest';
import { cellWriter } from '../../../dev/oracle-simulator/calls/cell-writers.ts';
import { sizesOf, writeDescribe } from '../../../dev/oracle-simulator/calls/describe.ts';
import { outWriter } from '../../../dev/oracle-simulator/calls/out-values.ts';
import type { Bind } from '../../../dev/oracle-simulator/calls/parse-binds.ts';
import type { Cell, EngineSession } from '../../../dev/oracle-simulator/types.ts';
import { DEFAULT_FORMATS } from '../../../dev/oracle-simulator/values/oracle-text.ts';
import { unknownClient } from '../../../dev/oracle-simulator/wire/capabilities.ts';
import { TtcReader } from '../../../dev/oracle-simulator/wire/reader.ts';
import { TtcWriter } from '../../../dev/oracle-simulator/wire/writer.ts';
import { column, oracleType } from './calls-support.ts';

const session = {} as EngineSession;
const context = { session, formats: DEFAULT_FORMATS };
const bind = (dataType: number, more: Partial<Bind> = {}): Bind => ({
  dataType,
  form: 1,
  maxBytes: 4000,
  isArray: false,
  wantsLobSize: false,
  lobPrefetch: 0,
  type: null,
  ...more,
});

async function written(
  type: ReturnType<typeof oracleType>,
  define: Bind | null,
  cell: Cell,
): Promise<Buffer> {
  const writer = new TtcWriter();
  await cellWriter(column('C', type), define, context)(writer, cell);
  return writer.take();
}

describe('values of columns', () => {
  it.each([
    [oracleType('NUMBER'), bind(1), '0.5', Buffer.from('\x02.5')],
    [oracleType('NUMBER'), bind(1, { form: 2 }), '12', Buffer.from('\x04\x001\x002')],
    [oracleType('DATE'), bind(1), '2024-05-01 10:00:00', Buffer.from('\x0901-MAY-24')],
    [oracleType('RAW'), bind(1), Uint8Array.of(10, 255), Buffer.from('\x040AFF')],
    [oracleType('VARCHAR2'), bind(2), ' 12 ', Buffer.from([2, 0xc1, 13])],
    [oracleType('DATE'), bind(180), '2024-05-01 10:00:00', Buffer.from([7, 120, 124, 5, 1, 11, 1, 1])],
    [oracleType('TIMESTAMP'), bind(12), '2024-05-01 10:00:00.5', Buffer.from([7, 120, 124, 5, 1, 11, 1, 1])],
    [oracleType('NUMBER'), bind(101), '1', Buffer.from([8, 0xbf, 0xf0, 0, 0, 0, 0, 0, 0])],
    [oracleType('ROWID'), bind(1), 'AAAAABAACAAAAADAAE', Buffer.from('\x12AAAAABAACAAAAADAAE')],
    // JDBC defines strings with more bytes than they can have: no indicator follows.
    [oracleType('VARCHAR2'), bind(1, { maxBytes: 131_068 }), 'end', Buffer.from('\x03end')],
    [oracleType('VARCHAR2'), bind(8, { maxBytes: 2 ** 31 - 1 }), 'end', Buffer.from('\x03end\0\0')],
    [oracleType('LONG'), null, 'end', Buffer.from('\x03end\0\0')],
    [oracleType('LONG'), null, null, Buffer.from([0, 0x81, 1, 2, 0x05, 0x7d])],
    [oracleType('NUMBER'), bind(1), null, Buffer.from([0])],
  ] as const)('%j as %j', async (...[type, define, cell, bytes]) => {
    expect(await written(type, define, cell)).toEqual(bytes);
  });

  it('are not converted into anything', () => {
    for (const [type, define] of [
      [oracleType('DATE'), bind(2)],
      [oracleType('DATE'), bind(231)],
      [oracleType('NUMBER'), bind(23)],
      [oracleType('CLOB'), bind(24)],
      [oracleType('BLOB'), bind(8)],
      [oracleType('ROWID'), bind(2)],
    ] as const) {
      expect(() => cellWriter(column('C', type), define, context)).toThrow(/ORA-00932/);
    }
  });
});

describe('values that come back', () => {
  const back = async (
    target: Bind,
    cell: Cell,
    tooLong: 'truncate' | 'fail' = 'truncate',
  ): Promise<Buffer> => {
    const writer = new TtcWriter();
    await outWriter(target, { session, tooLong })(writer, cell);
    return writer.take();
  };

  it('have their length behind them', async () => {
    // JDBC gives numbers a form of the character set, too.
    expect(await back(bind(2, { form: 1 }), '17.5')).toEqual(Buffer.from([3, 0xc1, 18, 51, 0]));
    expect(await back(bind(1), 'é')).toEqual(Buffer.from('\x02é\0'));
    expect(await back(bind(1), null)).toEqual(Buffer.from([0, 0]));
    expect(await back(bind(252, { form: 0 }), '1')).toEqual(Buffer.from([2, 1, 1, 0]));
    expect(await back(bind(252, { form: 0 }), '0')).toEqual(Buffer.from([1, 0, 0]));
  });

  it('are cut, with the length that they have, or fail', async () => {
    const short = bind(1, { maxBytes: 3 });
    expect(await back(short, 'abcdef')).toEqual(Buffer.from('\x03abc\x01\x06'));
    await expect(back(short, 'abcdef', 'fail')).rejects.toThrow(/ORA-06502/);
  });
});

describe('descriptions', () => {
  it('count bytes: four a character, two in the national character set', () => {
    const sizes = (type: ReturnType<typeof oracleType>): number[] => [
      sizesOf(type).maxBytes,
      sizesOf(type).length,
    ];
    expect(sizes(oracleType('VARCHAR2', { length: 10, unit: 'CHAR' }))).toEqual([40, 10]);
    expect(sizes(oracleType('VARCHAR2', { length: 10, unit: 'BYTE' }))).toEqual([10, 10]);
    expect(sizes(oracleType('VARCHAR2', { length: 32_767, unit: 'CHAR' }))).toEqual([32_767, 32_767]);
    expect(sizes(oracleType('NVARCHAR2', { length: 10, unit: 'CHAR' }))).toEqual([20, 10]);
    expect(sizes(oracleType('VARCHAR2'))).toEqual([32_767, 32_767]);
    expect(sizes(oracleType('RAW', { length: 16 }))).toEqual([16, 16]);
  });

  it.each([7, 8, 13, 17, 20, 24])('have the fields of version %i', (fieldVersion) => {
    const writer = new TtcWriter();
    const client = { ...unknownClient(fieldVersion), scaleAsInteger: true };
    writeDescribe(writer, [column('A', oracleType('NUMBER')), column('B', oracleType('DATE'))], client);
    const reader = new TtcReader(writer.take());
    expect(reader.uint8()).toBe(16);
    reader.bytes();
    reader.ub();
    expect(reader.ub()).toBe(2);
    reader.uint8();
    for (const name of ['A', 'B']) {
      const dataType = reader.uint8();
      reader.raw(2);
      expect(dataType === 2 ? reader.ub() : reader.uint8()).toBe(dataType === 2 ? -127 : 0);
      for (let field = 0; field < 6; field++) reader.ub();
      reader.uint8();
      reader.ub();
      if (fieldVersion >= 8) reader.ub();
      expect(reader.raw(2)).toEqual(Buffer.from([1, 0]));
      expect(reader.ub()).toBe(1);
      expect(reader.text()).toBe(name);
      reader.raw(2);
      expect(reader.ub()).toBe(name === 'A' ? 1 : 2);
      reader.ub();
      if (fieldVersion >= 17) reader.raw(2);
      if (fieldVersion >= 20) reader.ub();
      if (fieldVersion >= 24) reader.raw(3);
    }
    reader.raw(6);
    expect(reader.left).toBe(0);
  });
});
