/** A client written out byte by byte, in the shapes that drivers other than node-oracledb give their requests. */

import { createCipheriv, createDecipheriv, createHash, pbkdf2Sync, randomBytes } from 'node:crypto';
import { TtcReader } from '../../../dev/oracle-simulator/wire/reader.ts';
import { TtcWriter } from '../../../dev/oracle-simulator/wire/writer.ts';
import { PASSWORD, rawClient, USER } from './wire-support.ts';

export type Shape = {
  readonly name: string;
  /** Of each data packet. */
  readonly dataFlags: number;
  /** Text fields behind their length. */
  readonly prefixed: boolean;
  readonly fieldVersion: number;
  /** Compile capabilities other than the field version. */
  readonly compile: Readonly<Record<number, number>>;
  readonly runtime: Readonly<Record<number, number>>;
  /** Representation of SB1 (27). */
  readonly sb1: number;
  /** go-ora adds it behind the time zone. */
  readonly nationalCharset: boolean;
  readonly protocolVersions: readonly number[];
};

export const PYTHON: Shape = {
  name: 'python-oracledb',
  dataFlags: 0,
  prefixed: true,
  fieldVersion: 24,
  compile: { 27: 1 },
  runtime: { 0: 2, 1: 0, 6: 4 },
  sb1: 10,
  nationalCharset: false,
  protocolVersions: [6],
};
export const JDBC: Shape = {
  ...PYTHON,
  name: 'JDBC',
  dataFlags: 0x0800,
  prefixed: false,
  sb1: 1,
  protocolVersions: [6, 5, 4, 3, 2, 1],
};
export const GO_ORA: Shape = {
  ...PYTHON,
  name: 'go-ora',
  fieldVersion: 11,
  compile: { 27: 1, 37: 2 },
  runtime: { 0: 2, 1: 1, 6: 4 },
  sb1: 1,
  nationalCharset: true,
};

export function build(write: (writer: TtcWriter) => void): Buffer {
  const writer = new TtcWriter();
  write(writer);
  return writer.take();
}

export function connectPacket(connectData: string): Buffer {
  const packet = Buffer.alloc(74);
  packet.writeUInt16BE(74 + connectData.length, 0);
  packet[4] = 1;
  packet.writeUInt16BE(319, 8);
  packet.writeUInt16BE(300, 10);
  packet.writeUInt16BE(8192, 14);
  packet.writeUInt16BE(connectData.length, 24);
  packet.writeUInt16BE(74, 26);
  packet.writeUInt32BE(8192, 58);
  return Buffer.concat([packet, Buffer.from(connectData, 'latin1')]);
}

export const CONNECT_DATA = '(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=FREEPDB1)))';

export function dataPacket(payload: Buffer, flags = 0): Buffer {
  const header = Buffer.alloc(10);
  header.writeUInt32BE(10 + payload.length, 0);
  header[4] = 6;
  header.writeUInt16BE(flags, 8);
  return Buffer.concat([header, payload]);
}

export function marker(kind: number): Buffer {
  return Buffer.from([0, 0, 0, 11, 12, 0, 0, 0, 1, 0, kind]);
}

export const messages = {
  protocol: (shape: Shape) =>
    Buffer.concat([Buffer.from([1, ...shape.protocolVersions, 0]), Buffer.from(`${shape.name}\0`, 'latin1')]),
  dataTypes: (shape: Shape) =>
    build((w) => {
      w.uint8(2);
      w.uint16le(873);
      w.uint16le(873);
      w.uint8(shape.prefixed ? 3 : 1);
      const compile = Buffer.alloc(48);
      compile[7] = shape.fieldVersion;
      for (const [at, value] of Object.entries(shape.compile)) compile[Number(at)] = value;
      w.uint8(compile.length);
      w.raw(compile);
      const runtime = Buffer.alloc(7);
      for (const [at, value] of Object.entries(shape.runtime)) runtime[Number(at)] = value;
      w.uint8(runtime.length);
      w.raw(runtime);
      if (runtime[1] === 1) {
        w.raw(Buffer.from([0x80, 0, 0, 0, 60, 60, 0x80, 0, 0, 0, 0]));
        if ((compile[37] as number) & 2) w.uint32be(40);
      }
      if (shape.nationalCharset) w.uint16le(2000);
      const type = (value: number): void => (compile[27] === 0 ? w.uint8(value) : w.uint16be(value));
      for (const value of [1, 1, 1, 0, 2, 2, 10, 0, 27, 27, shape.sb1, 0, 155, 0, 0]) type(value);
    }),
  logon: (shape: Shape, logon: { code: 118 | 115; user: string; pairs: Readonly<Record<string, string>> }) =>
    build((w) => {
      const pairs = Object.entries(logon.pairs);
      w.uint8(1);
      w.ub(Buffer.byteLength(logon.user));
      w.ub(0x101);
      w.uint8(1);
      w.ub(pairs.length);
      w.uint8(1);
      w.uint8(1);
      w.raw(text(shape, logon.user));
      for (const [key, value] of pairs) {
        w.countedText(key);
        w.countedText(value);
        w.ub(0);
      }
    }),
};

/** A text field as the shape has it. */
export function text(shape: Shape, value: string): Buffer {
  const bytes = Buffer.from(value);
  return shape.prefixed ? build((w) => w.bytes(bytes)) : bytes;
}

export function functionHeader(code: number, sequence: number): Buffer {
  return Buffer.from([3, code, sequence]);
}

export type Reply = { readonly bytes: Buffer; readonly reader: TtcReader };

export type WireClient = {
  /** Sends as one data packet, without waiting. */
  send(payload: Buffer): void;
  /** Sends, and takes the answer, which is one packet. */
  ask(payload: Buffer): Promise<Reply>;
  /** The next packet: its type and all of its bytes. */
  packet(): Promise<Buffer>;
  raw(bytes: Buffer): void;
  /** Sends no more; the server closes then. */
  end(): void;
  /** Leaves with a TCP reset. */
  reset(): void;
  readonly closed: Promise<void>;
};

/** Connected and accepted. */
export async function openWire(port: number, shape: Shape): Promise<WireClient> {
  const client = await rawClient(port);
  client.socket.write(connectPacket(CONNECT_DATA));
  const accept = await client.wait(45);
  let taken = accept.readUInt16BE(0);
  const packet = async (): Promise<Buffer> => {
    const header = await client.wait(taken + 4);
    const length = header.readUInt32BE(taken);
    const all = await client.wait(taken + length);
    const bytes = all.subarray(taken, taken + length);
    taken += length;
    return bytes;
  };
  const send = (payload: Buffer): void => {
    client.socket.write(dataPacket(payload, shape.dataFlags));
  };
  return {
    send,
    packet,
    closed: client.closed,
    end: () => void client.socket.end(),
    reset: () => void client.socket.resetAndDestroy(),
    raw: (bytes) => void client.socket.write(bytes),
    ask: async (payload) => {
      send(payload);
      const bytes = (await packet()).subarray(10);
      return { bytes, reader: new TtcReader(bytes) };
    },
  };
}

/** Parameters of a logon's reply, and the call number of its end. */
export function readParameters(reader: TtcReader): {
  readonly values: Map<string, string>;
  readonly end: End;
} {
  if (reader.uint8() !== 8) throw new Error('no parameters');
  const values = new Map<string, string>();
  for (let count = reader.ub(); count > 0; count--) {
    const key = reader.ub() > 0 ? (reader.text() ?? '') : '';
    values.set(key, reader.ub() > 0 ? (reader.text() ?? '') : '');
    reader.ub();
  }
  return { values, end: readEnd(reader) };
}

export type End = { readonly callNumber: number; readonly number: number; readonly message: string };

/** The ERROR message of field version 11 to 13. */
export function readEnd(reader: TtcReader): End {
  if (reader.uint8() !== 4) throw new Error('no end of the call');
  for (let index = 0; index < 8; index++) reader.ub();
  reader.raw(6);
  reader.ub();
  reader.ub();
  reader.uint8();
  for (let index = 0; index < 3; index++) reader.ub();
  reader.uint8();
  const callNumber = reader.uint8();
  for (let index = 0; index < 6; index++) reader.ub();
  const number = reader.ub();
  reader.ub();
  return { callNumber, number, message: number === 0 ? '' : (reader.text() ?? '') };
}

/** What a client answers to the challenge. */
export function answer(challenge: ReadonlyMap<string, string>, password = PASSWORD): Record<string, string> {
  const value = (key: string): Buffer => Buffer.from(challenge.get(key) ?? '', 'hex');
  const salt = value('AUTH_VFR_DATA');
  const speedy = Buffer.concat([salt, Buffer.from('AUTH_PBKDF2_SPEEDY_KEY')]);
  const key = pbkdf2Sync(password, speedy, Number(challenge.get('AUTH_PBKDF2_VGEN_COUNT')), 64, 'sha512');
  const hash = createHash('sha512').update(key).update(salt).digest().subarray(0, 32);
  const decipher = createDecipheriv('aes-256-cbc', hash, Buffer.alloc(16)).setAutoPadding(false);
  const serverPart = Buffer.concat([decipher.update(value('AUTH_SESSKEY')), decipher.final()]);
  const clientPart = randomBytes(32);
  const material = Buffer.concat([clientPart, serverPart]).toString('hex').toUpperCase();
  const rounds = Number(challenge.get('AUTH_PBKDF2_SDER_COUNT'));
  const combined = pbkdf2Sync(material, value('AUTH_PBKDF2_CSK_SALT'), rounds, 32, 'sha512');
  const encrypt = (by: Buffer, clear: Buffer, padding: boolean): string => {
    const cipher = createCipheriv('aes-256-cbc', by, Buffer.alloc(16)).setAutoPadding(padding);
    return Buffer.concat([cipher.update(clear), cipher.final()])
      .toString('hex')
      .toUpperCase();
  };
  return {
    AUTH_SESSKEY: encrypt(hash, clientPart, false),
    AUTH_PASSWORD: encrypt(combined, Buffer.concat([randomBytes(16), Buffer.from(password)]), true),
    AUTH_ALTER_SESSION: "ALTER SESSION SET TIME_ZONE='+02:00'\0",
  };
}

/** Negotiated and logged on, the classic way. */
export async function logOn(port: number, shape: Shape): Promise<WireClient> {
  const client = await openWire(port, shape);
  await client.ask(messages.protocol(shape));
  await client.ask(messages.dataTypes(shape));
  const first = messages.logon(shape, { code: 118, user: USER, pairs: { AUTH_PROGRAM_NM: shape.name } });
  const challenge = readParameters((await client.ask(Buffer.concat([functionHeader(118, 1), first]))).reader);
  const second = messages.logon(shape, { code: 115, user: USER, pairs: answer(challenge.values) });
  const proof = readParameters((await client.ask(Buffer.concat([functionHeader(115, 2), second]))).reader);
  if (proof.end.number !== 0) throw new Error(proof.end.message);
  return client;
}
