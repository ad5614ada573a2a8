import { describe, expect, test } from 'vitest';
import { TtcReader } from '../../../dev/oracle-simulator/wire/reader.ts';
import {
  answer,
  build,
  functionHeader,
  GO_ORA,
  JDBC,
  logOn,
  marker,
  messages,
  openWire,
  PYTHON,
  readEnd,
  readParameters,
  type Shape,
  text,
} from './wire-client.ts';
import { fakeServer, USER } from './wire-support.ts';

const ping = (sequence: number) => functionHeader(147, sequence);
const commit = (sequence: number) => functionHeader(14, sequence);
/** A status: no transaction, no sequence. */
const STATUS = Buffer.from([9, 0, 0]);

const piggyback = (code: number, write: Parameters<typeof build>[0]) =>
  Buffer.concat([Buffer.from([17, code, 0]), build(write)]);
const closeCursors = (ids: readonly number[]) =>
  piggyback(105, (w) => {
    w.uint8(1);
    w.ub(ids.length);
    for (const id of ids) w.ub(id);
  });
const endToEnd = (shape: Shape, module: string) =>
  piggyback(135, (w) => {
    w.raw(Buffer.from([0, 0, 1, 0x18]));
    w.raw(Buffer.from([0, 0])); // client identifier
    w.uint8(1); // module
    w.ub(Buffer.byteLength(module));
    w.raw(Buffer.from([1, 0])); // action: cleared
    w.raw(Buffer.from([0, 0])); // execution context
    w.raw(Buffer.from([0, 0]));
    w.raw(Buffer.from([0, 0])); // client info
    w.raw(Buffer.from([0, 0, 0, 0]));
    w.raw(Buffer.from([0, 0])); // operation
    w.raw(text(shape, module));
  });

describe.each([PYTHON, JDBC, GO_ORA])('requests in the shape of $name', (shape) => {
  test('negotiate, log on, and are told by the sequence byte of the request', async () => {
    await using server = await fakeServer();
    const client = await openWire(server.listener.port, shape);
    const protocol = await client.ask(messages.protocol(shape));
    expect(protocol.bytes.subarray(0, 3)).toEqual(Buffer.from([1, 6, 0]));
    const types = await client.ask(messages.dataTypes(shape));
    const zone = shape === GO_ORA ? 11 + 4 : 0;
    expect(types.bytes).toHaveLength(1 + zone + 2);
    const first = messages.logon(shape, { code: 118, user: USER, pairs: { AUTH_MACHINE: 'm' } });
    const challenge = readParameters(
      (await client.ask(Buffer.concat([functionHeader(118, 77), first]))).reader,
    );
    expect(challenge.end).toEqual({ callNumber: 77, number: 0, message: '' });
    const second = messages.logon(shape, { code: 115, user: USER, pairs: answer(challenge.values) });
    const proof = readParameters(
      (await client.ask(Buffer.concat([functionHeader(115, 200), second]))).reader,
    );
    expect(proof.end.callNumber).toBe(200);
    expect(proof.values.get('AUTH_SVR_RESPONSE')).toMatch(/^[0-9A-F]{96}$/);
    expect(proof.values.get('AUTH_SESSION_ID')).toBe('1');
    expect(server.engine.session().log).toEqual(['zone +02:00']);
    expect(server.engine.session().told).toMatchObject({ machine: 'm' });
  });

  test('a wrong password is told with the number of its call', async () => {
    await using server = await fakeServer();
    const client = await openWire(server.listener.port, shape);
    await client.ask(messages.protocol(shape));
    await client.ask(messages.dataTypes(shape));
    const first = messages.logon(shape, { code: 118, user: USER, pairs: {} });
    const challenge = readParameters(
      (await client.ask(Buffer.concat([functionHeader(118, 1), first]))).reader,
    );
    const pairs = answer(challenge.values, 'wrong');
    const second = messages.logon(shape, { code: 115, user: USER, pairs });
    const refused = await client.ask(Buffer.concat([functionHeader(115, 9), second]));
    expect(readEnd(refused.reader)).toMatchObject({ callNumber: 9, number: 1017 });
    // The same answer again, without a new challenge.
    const again = await client.ask(Buffer.concat([functionHeader(115, 10), second]));
    expect(readEnd(again.reader)).toMatchObject({ callNumber: 10, number: 1017 });
  });

  test('piggybacks in front of a call, several requests in one packet, and one byte a packet', async () => {
    await using server = await fakeServer();
    const client = await logOn(server.listener.port, shape);
    const session = server.engine.session();
    const first = Buffer.concat([closeCursors([1, 300, 70_000]), endToEnd(shape, 'mödule'), commit(3)]);
    client.send(Buffer.concat([first, ping(4), endToEnd(shape, 'x'.repeat(400)), commit(5)]));
    for (let reply = 0; reply < 3; reply++) expect((await client.packet()).subarray(10)).toEqual(STATUS);
    expect(session.log.slice(1)).toEqual(['commit…', 'commit', 'commit…', 'commit']);
    expect(session.told).toMatchObject({ module: 'x'.repeat(400), action: '' });
    expect(session.told).not.toHaveProperty('clientInfo');
    for (const byte of first) client.send(Buffer.from([byte]));
    expect((await client.packet()).subarray(10)).toEqual(STATUS);
    expect(session.log.slice(5)).toEqual(['commit…', 'commit']);
    expect(session.told).toMatchObject({ module: 'mödule' });
  });

  test('the version of the server', async () => {
    await using server = await fakeServer();
    const client = await logOn(server.listener.port, shape);
    const tail = Buffer.from([1, 2, 1, 0, 1, 1, 0]); // buffer of 256 bytes, two pointers, mode
    const { reader } = await client.ask(Buffer.concat([functionHeader(59, 8), tail]));
    expect(reader.uint8()).toBe(8);
    const length = reader.ub();
    const banner = shape.prefixed ? reader.text() : reader.raw(length).toString();
    expect(banner).toMatch(/^Oracle Database 19c/);
    expect(reader.ub()).toBe((19 << 24) | (21 << 16));
    expect(readEnd(reader)).toEqual({ callNumber: 8, number: 0, message: '' });
    expect(reader.left).toBe(0);
  });

  test('what is not there is refused, and the next request is understood', async () => {
    await using server = await fakeServer();
    const client = await logOn(server.listener.port, shape);
    const name = 'HR.EMPLOYEES';
    const describe119 = build((w) => {
      w.raw(Buffer.from([1, 1, 3, 0, 0, 0]));
      w.ub(name.length);
      w.raw(text(shape, name));
    });
    const refused = await client.ask(Buffer.concat([functionHeader(119, 11), describe119]));
    expect(readEnd(refused.reader)).toMatchObject({ callNumber: 11, number: 3001 });
    const unknown = await client.ask(Buffer.concat([functionHeader(121, 12), Buffer.alloc(40, 1)]));
    expect(readEnd(unknown.reader)).toMatchObject({ callNumber: 12, number: 3001 });
    expect((await client.ask(ping(13))).bytes).toEqual(STATUS);
  });

  test('breaks: interrupt, break, reset, reset, ORA-01013', async () => {
    await using server = await fakeServer();
    const client = await logOn(server.listener.port, shape);
    const session = server.engine.session();
    session.gate = new Promise(() => undefined);
    client.send(Buffer.concat([functionHeader(15, 21), commit(22)]));
    await expect.poll(() => session.log.at(-1)).toBe('rollback…');
    client.raw(marker(3));
    expect(await client.packet()).toEqual(marker(1));
    client.raw(marker(2));
    expect(await client.packet()).toEqual(marker(2));
    const end = (await client.packet()).subarray(10);
    expect(end[0]).toBe(4);
    expect(end.toString('utf8')).toContain('ORA-01013');
    // The second request of the cancelled packet is gone with the first.
    expect((await client.ask(ping(23))).bytes).toEqual(STATUS);
    expect(session.log.slice(1)).toEqual(['rollback…', 'cancel']);
  });

  test('a break without a call is answered in the same way', async () => {
    await using server = await fakeServer();
    const client = await logOn(server.listener.port, shape);
    client.raw(marker(3));
    expect(await client.packet()).toEqual(marker(1));
    client.raw(marker(2));
    expect(await client.packet()).toEqual(marker(2));
    expect((await client.packet()).toString('utf8')).toContain('ORA-01013');
    expect((await client.ask(ping(2))).bytes).toEqual(STATUS);
  });

  test('a request that the client breaks off half way', async () => {
    await using server = await fakeServer();
    const client = await logOn(server.listener.port, shape);
    client.send(endToEnd(shape, 'half').subarray(0, 9));
    client.raw(marker(1));
    expect(await client.packet()).toEqual(marker(1));
    client.raw(marker(2));
    expect(await client.packet()).toEqual(marker(2));
    await client.packet();
    expect((await client.ask(ping(2))).bytes).toEqual(STATUS);
    expect(server.engine.session().told).not.toHaveProperty('module');
  });
});

describe('negotiation', () => {
  test('a table of types of one byte', async () => {
    await using server = await fakeServer();
    const shape: Shape = { ...PYTHON, compile: { 27: 0 } };
    const client = await openWire(server.listener.port, shape);
    await client.ask(messages.protocol(shape));
    expect((await client.ask(messages.dataTypes(shape))).bytes).toEqual(Buffer.from([2, 0]));
  });

  test.each([JDBC, PYTHON])(
    'a fast logon of $name, with a token where its version has one',
    async (shape) => {
      await using server = await fakeServer({ fastAuth: 'offered' });
      const client = await openWire(server.listener.port, shape);
      const token = shape === JDBC ? [0] : [];
      const message = Buffer.concat([
        Buffer.from([34, 1, 1, 0]),
        messages.protocol(shape),
        Buffer.from([0, 0, 0, 0, 0, shape === JDBC ? 24 : 13]),
        messages.dataTypes(shape),
        Buffer.from([3, 118, 42, ...token]),
        messages.logon(shape, { code: 118, user: USER, pairs: {} }),
      ]);
      for (const half of [message.subarray(0, 100), message.subarray(100)]) client.send(half);
      const reply = (await client.packet()).subarray(10);
      expect(reply[0]).toBe(1);
      const challenge = reply.indexOf(Buffer.from('AUTH_SESSKEY'));
      const at = reply.lastIndexOf(8, challenge - 4);
      const { values, end } = readParameters(new TtcReader(reply.subarray(at)));
      expect(end).toEqual({ callNumber: 42, number: 0, message: '' });
      const second = messages.logon(shape, { code: 115, user: USER, pairs: answer(values) });
      const proof = await client.ask(Buffer.concat([functionHeader(115, 43), second]));
      expect(readParameters(proof.reader).end.number).toBe(0);
    },
  );

  test('calls before the logon are refused and end the connection', async () => {
    await using server = await fakeServer();
    const client = await openWire(server.listener.port, PYTHON);
    await client.ask(messages.protocol(PYTHON));
    await client.ask(messages.dataTypes(PYTHON));
    const refused = await client.ask(ping(1));
    expect(readEnd(refused.reader)).toMatchObject({ number: 1012 });
    await client.closed;
  });
});
