import { describe, expect, it } from 'vitest';
import { type Cursors, createCursors } from '../../../dev/oracle-simulator/calls/cursors.ts';
import { parsePiggyback } from '../../../dev/oracle-simulator/calls/handle-call.ts';
import {
  type ExecuteRequest,
  parseExecute,
  parseExecuteAgain,
  parseFetch,
} from '../../../dev/oracle-simulator/calls/parse-execute.ts';
import { parseLobCall, splitLocators } from '../../../dev/oracle-simulator/calls/parse-lob.ts';
import { shapeOf, transactionEnd } from '../../../dev/oracle-simulator/calls/statement-shape.ts';
import { OraError } from '../../../dev/oracle-simulator/ora-error.ts';
import type { EngineSession, Statement } from '../../../dev/oracle-simulator/types.ts';
import { encodeNumber } from '../../../dev/oracle-simulator/values/number.ts';
import type { CallContext } from '../../../dev/oracle-simulator/wire/call-context.ts';
import { unknownClient } from '../../../dev/oracle-simulator/wire/capabilities.ts';
import { NeedMore, ProtocolError, TtcReader } from '../../../dev/oracle-simulator/wire/reader.ts';
import { TtcWriter } from '../../../dev/oracle-simulator/wire/writer.ts';

type Client = CallContext['client'];
const NODE: Client = unknownClient(13);
const JDBC: Client = { ...NODE, prefixedText: false, scaleAsInteger: true };
const GO_ORA: Client = { ...NODE, scaleAsInteger: true, fieldVersion: 11 };
const OLD: Client = { ...NODE, fieldVersion: 7 };
const CLIENTS = { NODE, JDBC, GO_ORA, OLD };

const PARSE = 0x01;
const BIND = 0x08;
const DEFINE = 0x10;
const EXECUTE = 0x20;
const FETCH = 0x40;
const COMMIT = 0x100;
const IO_VECTOR = 0x400;
const BATCH_ERRORS = 0x80000;

type BindSpec = {
  readonly type: number;
  readonly max?: number;
  readonly form?: number;
  readonly lob?: number;
};

/** An execute request as the drivers write it, behind its function header. */
function execute(
  client: Client,
  request: {
    readonly options: number;
    readonly cursor?: number;
    readonly sql?: string;
    readonly prefetch?: number;
    readonly binds?: readonly BindSpec[];
    readonly bindCount?: number;
    readonly defines?: readonly BindSpec[];
    readonly iterations?: number;
    readonly flags?: number;
    readonly rows?: (writer: TtcWriter) => void;
  },
): Buffer {
  const w = new TtcWriter();
  const { sql = '', binds = [], defines = [] } = request;
  w.ub(request.options);
  w.ub(request.cursor ?? 0);
  w.uint8(sql === '' ? 0 : 1);
  w.ub(Buffer.byteLength(sql));
  w.uint8(1);
  w.ub(13);
  w.raw(Buffer.alloc(2));
  w.ub(client === JDBC ? 0xffffffff : 0);
  w.ub(request.prefetch ?? 0);
  w.ub(2 ** 31 - 1);
  w.uint8(1);
  w.ub(request.bindCount ?? binds.length);
  w.raw(Buffer.alloc(5));
  w.uint8(1);
  w.ub(defines.length);
  w.raw(Buffer.alloc(11)); // registration, objects, names, row counts
  if (client.fieldVersion >= 8) w.raw(Buffer.alloc(5));
  if (client.fieldVersion >= 9) w.raw(Buffer.alloc(2));
  if (sql !== '') {
    if (client.prefixedText) w.text(sql);
    else w.raw(Buffer.from(sql));
  }
  const numbers = [1, request.iterations ?? 0, 0, 0, 0, 0, 0, 0, 0, request.flags ?? 0, 0, 0, 0];
  for (const number of numbers) w.ub(number);
  for (const bind of [...binds, ...defines]) writeBind(w, bind, client);
  request.rows?.(w);
  return w.take();
}

function writeBind(w: TtcWriter, bind: BindSpec, client: Client): void {
  w.uint8(bind.type);
  w.uint8(1);
  w.uint8(0);
  if (client.scaleAsInteger && [2, 180, 181, 231, 183].includes(bind.type)) w.sb(-127);
  else w.uint8(0);
  w.ub(bind.max ?? 22);
  w.ub(0);
  w.ub(bind.lob === undefined ? 0 : 0x2000000);
  w.ub(0);
  w.ub(0);
  w.ub(873);
  w.uint8(bind.form ?? 1);
  w.ub(bind.lob ?? 0);
  if (client.fieldVersion >= 8) w.ub(0);
}

const QUERY: Statement = { text: 'select', kind: 'query', binds: ['A', 'B'], returningBinds: 0, plan: null };

function context(
  bytes: Buffer,
  options: { client: Client; statement?: Statement; cursors?: Cursors },
): CallContext {
  const session = {
    id: 1,
    serial: 2,
    parse: (text: string): Statement => {
      if (options.statement === undefined) throw new OraError(900, 'invalid SQL statement');
      return { ...options.statement, text };
    },
  } as unknown as EngineSession;
  return {
    reader: new TtcReader(bytes),
    client: options.client,
    session,
    cursors: options.cursors ?? createCursors(),
  } as unknown as CallContext;
}

/** Parsed in one piece, and with one byte more at each try: the same, and nothing is left. */
function parsed(
  bytes: Buffer,
  options: { client: Client; statement?: Statement; cursors?: Cursors },
  parse: (context: CallContext) => ExecuteRequest = parseExecute,
): ExecuteRequest {
  const whole = context(bytes, options);
  const request = parse(whole);
  expect(whole.reader.left).toBe(0);
  const slow = context(Buffer.alloc(0), options);
  let result: ExecuteRequest | null = null;
  for (const byte of bytes) {
    expect(result).toBe(null);
    slow.reader.append(Buffer.of(byte));
    slow.reader.restart();
    try {
      result = parse(slow);
    } catch (error) {
      if (!(error instanceof NeedMore)) throw error;
    }
  }
  expect(result).toEqual(request);
  return request;
}

const number = (w: TtcWriter, value: number): void => w.bytes(encodeNumber(String(value)));

describe.each(Object.entries(CLIENTS))('an execute request of %s', (_, client) => {
  it('with a statement, binds and a row', () => {
    const bytes = execute(client, {
      options: PARSE | BIND | EXECUTE | FETCH | COMMIT | 0x8000,
      sql: 'select :a, :b from dual where x = ’’',
      prefetch: 2,
      binds: [{ type: 2 }, { type: 1, max: 40 }],
      rows: (w) => {
        w.uint8(7);
        number(w, -12.5);
        w.text('é');
      },
    });
    const request = parsed(bytes, { client, statement: QUERY });
    expect(request).toMatchObject({
      cursorId: 0,
      sql: 'select :a, :b from dual where x = ’’',
      prefetchRows: 2,
      rows: [{ cells: ['-12.5', 'é'], error: null }],
      wants: { execute: true, fetch: 'asked', commit: true, define: false, ioVector: false },
    });
    expect(request.binds?.map(({ type }) => type?.type.name)).toEqual(['NUMBER', 'VARCHAR2']);
  });

  it('for many rows, long values last in each', () => {
    const bytes = execute(client, {
      options: PARSE | BIND | EXECUTE | BATCH_ERRORS,
      sql: 'insert',
      iterations: 2,
      flags: 0x4000,
      binds: [{ type: 1, max: 40_000 }, { type: 2 }],
      rows: (w) => {
        for (const row of [1, 2]) {
          w.uint8(7);
          number(w, row);
          w.text(`long ${row}`);
        }
      },
    });
    const request = parsed(bytes, { client, statement: { ...QUERY, kind: 'dml' } });
    expect(request.rows.map(({ cells }) => cells)).toEqual([
      ['long 1', '1'],
      ['long 2', '2'],
    ]);
    expect(request.wants).toMatchObject({ batchErrors: true, rowCounts: true });
    expect(request.iterations).toBe(2);
  });

  it('with values that come back, which travel as NULLs with an IO vector only', () => {
    const dml: Statement = { ...QUERY, kind: 'dml', returningBinds: 1 };
    const parts = { sql: 'insert', iterations: 1, binds: [{ type: 2 }, { type: 2 }] };
    const bare = execute(client, {
      ...parts,
      options: PARSE | BIND | EXECUTE,
      rows: (w) => {
        w.uint8(7);
        number(w, 1);
      },
    });
    const vector = execute(client, {
      ...parts,
      options: PARSE | BIND | EXECUTE | IO_VECTOR,
      rows: (w) => {
        w.uint8(7);
        number(w, 1);
        w.uint8(0);
      },
    });
    for (const bytes of [bare, vector]) {
      expect(parsed(bytes, { client, statement: dml }).rows.map(({ cells }) => cells)).toEqual([['1']]);
      // The same when the dialect does not understand the statement, as far as its text tells.
      const refused = execute(client, {
        ...parts,
        sql: 'insert … returning a into :b',
        options: PARSE | BIND | EXECUTE | (bytes === bare ? 0 : IO_VECTOR),
        rows: (w) => {
          w.uint8(7);
          number(w, 1);
          if (bytes === vector) w.uint8(0);
        },
      });
      expect(parsed(refused, { client }).statement).toBeInstanceOf(OraError);
    }
  });

  it('that executes a cursor again without saying how it is bound', () => {
    const cursors = createCursors();
    const cursor = cursors.open({ ...QUERY, kind: 'block' });
    const first = execute(client, {
      options: PARSE | BIND | EXECUTE | IO_VECTOR,
      sql: 'begin',
      iterations: 1,
      binds: [{ type: 2 }, { type: 1, max: 100_000 }],
      rows: (w) => {
        w.uint8(7);
        number(w, 1);
        w.text('x');
      },
    });
    cursor.binds = parsed(first, { client, statement: cursor.statement, cursors }).binds ?? [];
    const again = execute(client, {
      options: EXECUTE | IO_VECTOR,
      cursor: cursor.id,
      iterations: 1,
      rows: (w) => {
        w.uint8(7);
        number(w, 2);
        w.text('y');
      },
    });
    const request = parsed(again, { client, cursors });
    expect(request.binds).toBe(null);
    expect(request.rows).toEqual([{ cells: ['2', 'y'], error: null }]);
  });

  it('that defines columns', () => {
    const bytes = execute(client, {
      options: DEFINE | FETCH,
      cursor: 9,
      prefetch: 50,
      defines: [{ type: 2 }, { type: 112, lob: 32_768 }, { type: 94, max: 2 ** 31 - 1 }],
    });
    const request = parsed(bytes, { client });
    expect(request.rows).toEqual([]);
    expect(request.prefetchRows).toBe(50);
    expect(
      request.defines?.map(({ dataType, wantsLobSize, lobPrefetch }) => [
        dataType,
        wantsLobSize,
        lobPrefetch,
      ]),
    ).toEqual([
      [2, false, 0],
      [112, true, 32_768],
      [8, false, 0],
    ]);
  });

  it('whose values cannot be: read to its end', () => {
    const bytes = execute(client, {
      options: PARSE | BIND | EXECUTE,
      sql: 'insert',
      iterations: 2,
      binds: [{ type: 12 }, { type: 102 }],
      rows: (w) => {
        for (const cursor of [0, 7]) {
          w.uint8(7);
          w.bytes(Buffer.of(250, 250, 1, 1, 1, 1, 1));
          if (cursor === 0) {
            w.raw(Buffer.of(1, 0));
          } else {
            w.ub(1);
            w.ub(cursor);
          }
        }
      },
    });
    const request = parsed(bytes, { client, statement: { ...QUERY, kind: 'dml' } });
    expect(request.rows.map(({ error }) => error?.number)).toEqual([1841, 1841]);
  });
});

describe('what is expected of a request without the option to fetch', () => {
  const parse = (options: number, prefetch: number): ExecuteRequest =>
    parsed(execute(JDBC, { options, sql: 'select', prefetch }), {
      client: JDBC,
      statement: { ...QUERY, binds: [] },
    });

  it('rows, when it parses and executes with a prefetch', () => {
    expect(parse(PARSE | EXECUTE | 0x8000, 10).wants.fetch).toBe('implied');
    expect(parse(PARSE | EXECUTE | 0x8000, 0).wants.fetch).toBe('no');
    expect(parse(EXECUTE | 0x8000, 10).wants.fetch).toBe('no');
    expect(parse(PARSE | EXECUTE | FETCH, 10).wants.fetch).toBe('asked');
  });
});

describe('functions 4, 78 and 5', () => {
  const head = (numbers: readonly number[], rows?: (w: TtcWriter) => void): Buffer => {
    const w = new TtcWriter();
    for (const value of numbers) w.ub(value);
    rows?.(w);
    return w.take();
  };
  const cursors = createCursors();
  const cursor = cursors.open({ ...QUERY, kind: 'dml', binds: ['A', 'R'], returningBinds: 1 });
  const bind = { form: 1, maxBytes: 22, isArray: false, wantsLobSize: false, lobPrefetch: 0 } as const;
  cursor.binds = [
    { ...bind, dataType: 2, type: null },
    { ...bind, dataType: 2, type: null },
  ].map((each) => ({ ...each, type: { type: {} as never, maxBytes: 22 } }));

  it('executes again for each row, without the values that come back', () => {
    const bytes = head([cursor.id, 3, 0, 1], (w) => {
      for (const value of [1, 2, 3]) {
        w.uint8(7);
        number(w, value);
      }
    });
    const request = parsed(bytes, { client: NODE, cursors }, (each) =>
      parseExecuteAgain(each, 'execute only'),
    );
    expect(request.rows.map(({ cells }) => cells)).toEqual([['1'], ['2'], ['3']]);
    expect(request.wants).toMatchObject({ execute: true, fetch: 'no', commit: true });
    expect(request.iterations).toBe(3);
  });

  it('executes again and fetches', () => {
    const query = cursors.open({ ...QUERY, binds: [] });
    const request = parsed(head([query.id, 100, 0x20, 0]), { client: NODE, cursors }, (each) =>
      parseExecuteAgain(each, 'fetch'),
    );
    expect(request).toMatchObject({ prefetchRows: 100, wants: { fetch: 'asked', commit: false } });
  });

  it('fetches', () => {
    expect(parseFetch(context(head([5, 100]), { client: NODE }))).toEqual({ cursorId: 5, count: 100 });
  });

  it('takes nothing but rows for rows', () => {
    const bytes = head([cursor.id, 1, 0, 0], (w) => w.uint8(8));
    expect(() => parseExecuteAgain(context(bytes, { client: NODE, cursors }), 'execute only')).toThrow(
      ProtocolError,
    );
  });
});

describe('LOB requests', () => {
  const lob = (parts: {
    readonly operation: number;
    readonly source: Buffer;
    readonly destinationBytes?: number;
    readonly charset?: boolean;
    readonly tail: (w: TtcWriter) => void;
    readonly amount?: boolean;
  }): Buffer => {
    const w = new TtcWriter();
    w.uint8(1);
    w.ub(parts.source.length);
    w.uint8(0);
    w.ub(parts.destinationBytes ?? 0);
    w.raw(Buffer.alloc(2));
    w.uint8(parts.charset === true ? 1 : 0);
    w.raw(Buffer.alloc(1));
    w.uint8(parts.charset === true ? 1 : 0);
    w.ub(parts.operation);
    w.raw(Buffer.alloc(2));
    w.ub(1);
    w.ub(112);
    w.uint8(parts.amount === true ? 1 : 0);
    w.raw(Buffer.alloc(6));
    w.raw(parts.source);
    parts.tail(w);
    return w.take();
  };
  const source = Buffer.alloc(40, 7);

  it('write, with the amount before or behind the data', () => {
    const data = Buffer.alloc(1000, 5);
    const tails = [
      (w: TtcWriter) => {
        w.ub(1000);
        w.uint8(14);
        w.bytes(data);
      },
      (w: TtcWriter) => {
        w.uint8(14);
        w.bytes(data);
        w.ub(1000);
      },
    ];
    for (const tail of tails) {
      const call = context(lob({ operation: 0x40, source, amount: true, tail }), { client: NODE });
      const request = parseLobCall(call);
      expect(call.reader.left).toBe(0);
      expect(request).toMatchObject({ operation: 0x40, amount: 1000, data, source, sourceOffset: 1 });
    }
  });

  it('create a temporary one, whose duration is no length', () => {
    const call = context(
      lob({
        operation: 0x110,
        source: Buffer.alloc(108),
        destinationBytes: 10,
        charset: true,
        tail: (w) => w.ub(873),
      }),
      { client: NODE },
    );
    const request = parseLobCall(call);
    expect(call.reader.left).toBe(0);
    expect(request.source).toHaveLength(108);
    expect(request).toMatchObject({ destinationOffset: 112, wants: { charset: true, flag: true } });
  });

  it('free an array of them, some with room behind', () => {
    const one = Buffer.alloc(40, 1);
    one.writeUInt16BE(38, 0);
    const two = Buffer.alloc(108);
    one.copy(two);
    const bytes = lob({ operation: 0x80111, source: Buffer.concat([one, two, one]), tail: () => undefined });
    const request = parseLobCall(context(bytes, { client: NODE }));
    expect(splitLocators(request)).toEqual([one, one, one]);
  });
});

describe('piggybacks', () => {
  it('close cursors, also those that are not open', async () => {
    const cursors = createCursors();
    const ids = [cursors.open(QUERY).id, cursors.open(QUERY).id, cursors.open(QUERY).id];
    const w = new TtcWriter();
    w.uint8(1);
    w.ub(3);
    for (const id of [ids[0], 999, ids[2]]) w.ub(id as number);
    await parsePiggyback(105, context(w.take(), { client: NODE, cursors }))();
    expect(cursors.size).toBe(1);
    expect(cursors.find(ids[1] as number)).toBeDefined();
  });
});

describe('the text of a statement', () => {
  it.each([
    ['select 1 from dual', { kind: 'query', returningBinds: 0 }],
    ['/* returning */ with x as (select 1 from dual) select * from x', { kind: 'query', returningBinds: 0 }],
    ['(select 1 from dual)', { kind: 'query', returningBinds: 0 }],
    ['begin update t set a = :1 returning a into :2; end;', { kind: 'block', returningBinds: 0 }],
    ['call p(:1)', { kind: 'block', returningBinds: 0 }],
    ["insert into t values ('returning into :x', :a)", { kind: 'dml', returningBinds: 0 }],
    ['insert into t select :a from dual', { kind: 'dml', returningBinds: 0 }],
    ['insert into t values (:a) returning id, n into :b, :"c d"', { kind: 'dml', returningBinds: 2 }],
    ['update t set a = :a -- :x\n return id bulk collect into : b', { kind: 'dml', returningBinds: 1 }],
    ["delete t where a = q'[it's :x]' returning a into :b", { kind: 'dml', returningBinds: 1 }],
  ])('%s', (text, shape) => {
    expect(shapeOf(text)).toEqual(shape);
  });

  it.each([
    ['commit', 'commit'],
    [' -- now\nCOMMIT WORK;', 'commit'],
    ['rollback', 'rollback'],
    ['rollback work', 'rollback'],
    ['ROLLBACK TO SAVEPOINT s', null],
    ['rollback work to s', null],
    ['create table commit_log (a number)', null],
  ])('%s ends a transaction: %s', (text, end) => {
    expect(transactionEnd({ ...QUERY, kind: 'other', text })).toBe(end);
  });
});
