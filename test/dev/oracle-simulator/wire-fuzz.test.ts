import oracledb from 'oracledb';
import { describe, expect, test } from 'vitest';
import {
  answer,
  build,
  CONNECT_DATA,
  connectPacket,
  dataPacket,
  functionHeader,
  JDBC,
  logOn,
  messages,
  openWire,
  PYTHON,
} from './wire-client.ts';
import { type FakeServer, fakeServer, PASSWORD, rawClient, USER } from './wire-support.ts';

/** Numbers that are the same in each run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function mutate(bytes: Buffer, next: () => number): Buffer {
  const copy = Buffer.from(bytes);
  const changes = 1 + Math.floor(next() * 4);
  for (let change = 0; change < changes; change++) copy[Math.floor(next() * copy.length)] = next() * 256;
  const cut = next();
  if (cut < 0.2) return copy.subarray(0, Math.floor(next() * copy.length));
  if (cut < 0.4) return Buffer.concat([copy, noise(1 + next() * 50, next)]);
  return copy;
}

function noise(length: number, next: () => number): Buffer {
  return Buffer.from(Array.from({ length }, () => Math.floor(next() * 256)));
}

/** The server works for everybody else, and counts no defects. */
async function expectAlive(server: FakeServer, connection: oracledb.Connection): Promise<void> {
  await connection.ping();
  expect(server.defects).toEqual([]);
}

const REQUESTS = [
  functionHeader(147, 1),
  functionHeader(14, 2),
  Buffer.concat([functionHeader(59, 3), Buffer.from([1, 2, 1, 0, 1, 1, 0])]),
  Buffer.concat([Buffer.from([17, 105, 4, 1, 1, 2, 1, 1, 1, 2]), functionHeader(147, 5)]),
  Buffer.concat([functionHeader(103, 6), build((w) => w.raw(Buffer.alloc(40, 1)))]),
  Buffer.concat([
    Buffer.from([17, 135, 7, 0, 0, 1, 8, 0, 0, 1, 1, 3]),
    Buffer.alloc(12),
    Buffer.from('\x03abc'),
  ]),
  Buffer.concat([functionHeader(128, 8), Buffer.from([0, 1, 1, 2, 1, 1, 3]), Buffer.alloc(30, 1)]),
  messages.dataTypes(PYTHON),
  messages.protocol(JDBC),
];

describe('a client that sends garbage loses its own connection, at most', () => {
  test('instead of a connect packet', { timeout: 60_000 }, async () => {
    await using server = await fakeServer();
    const options = { user: USER, password: PASSWORD, connectString: server.connectString };
    const bystander = await oracledb.getConnection(options);
    const next = random(1);
    for (let round = 0; round < 150; round++) {
      const client = await rawClient(server.listener.port);
      const bytes =
        round % 2 === 0 ? noise(1 + next() * 300, next) : mutate(connectPacket(CONNECT_DATA), next);
      client.socket.write(bytes);
      client.socket.end();
      await client.closed;
    }
    await expectAlive(server, bystander);
    await bystander.close();
  });

  test('instead of requests, before and after the logon', { timeout: 120_000 }, async () => {
    await using server = await fakeServer();
    const options = { user: USER, password: PASSWORD, connectString: server.connectString };
    const bystander = await oracledb.getConnection(options);
    const next = random(2);
    for (let round = 0; round < 200; round++) {
      const before = round % 4 === 0;
      const client = before
        ? await openWire(server.listener.port, PYTHON)
        : await logOn(server.listener.port, round % 4 === 1 ? PYTHON : JDBC);
      for (let request = 0; request < 5; request++) {
        const original = REQUESTS[Math.floor(next() * REQUESTS.length)] as Buffer;
        const payload = next() < 0.2 ? noise(1 + next() * 400, next) : mutate(original, next);
        client.raw(next() < 0.15 ? mutate(dataPacket(payload), next) : dataPacket(payload));
      }
      client.end();
      await client.closed;
    }
    await expectAlive(server, bystander);
    expect(server.engine.sessions.length).toBeGreaterThan(100);
    await bystander.close();
    await expect.poll(() => server.listener.sessions()).toEqual([]);
    for (const session of server.engine.sessions) expect(session.log).toContain('close');
  });

  test('within a logon', { timeout: 60_000 }, async () => {
    await using server = await fakeServer();
    const next = random(3);
    for (let round = 0; round < 60; round++) {
      const client = await openWire(server.listener.port, JDBC);
      await client.ask(messages.protocol(JDBC));
      await client.ask(messages.dataTypes(JDBC));
      const pairs = {
        ...answer(
          new Map([
            ['AUTH_PBKDF2_VGEN_COUNT', '1'],
            ['AUTH_PBKDF2_SDER_COUNT', '1'],
          ]),
        ),
      };
      const first = messages.logon(JDBC, { code: 118, user: USER, pairs: {} });
      const second = messages.logon(JDBC, { code: 115, user: USER, pairs });
      client.send(mutate(Buffer.concat([functionHeader(118, 1), first]), next));
      client.send(mutate(Buffer.concat([functionHeader(115, 2), second]), next));
      client.end();
      await client.closed;
    }
    expect(server.defects).toEqual([]);
    expect(server.engine.sessions).toHaveLength(0);
    const options = { user: USER, password: PASSWORD, connectString: server.connectString };
    await (await oracledb.getConnection(options)).close();
  });

  test('a request without an end is bounded', async () => {
    await using server = await fakeServer({ maxRequestBytes: 200_000 });
    const client = await logOn(server.listener.port, PYTHON);
    const endless = Buffer.concat([
      Buffer.from([17, 152, 1, 1, 4, 0x7f, 0xff, 0xff, 0xff, 0xfe]),
      Buffer.alloc(0),
    ]);
    client.send(endless);
    const chunk = build((w) => {
      w.ub(8000);
      w.raw(Buffer.alloc(8000, 1));
    });
    for (let sent = 0; sent < 30; sent++) client.send(chunk);
    await client.closed;
  });

  test('a connection reset while an answer is on its way', async () => {
    await using server = await fakeServer();
    for (let round = 0; round < 20; round++) {
      const client = await logOn(server.listener.port, PYTHON);
      for (let request = 0; request < 50; request++) client.send(functionHeader(147, request));
      client.reset();
      await client.closed;
    }
    await expect.poll(() => server.listener.sessions()).toEqual([]);
    expect(server.defects).toEqual([]);
  });
});
