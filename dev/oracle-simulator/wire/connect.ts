/** The first packet of a client: what it wants to connect to. */

import { OraError } from '../ora-error.ts';
import { dataOf, PACKET, type Packet } from './packets.ts';
import { ProtocolError } from './reader.ts';

const MIN_CONNECT_BYTES = 58;
const LARGE_SDU_AT = 58;
/** Lengths of 4 bytes and everything built on them came with this version. */
const MIN_VERSION = 315;
const MIN_SDU_BYTES = 512;
const MAX_CONNECT_DATA_BYTES = 32_767;

export type ConnectRequest = {
  readonly version: number;
  readonly sduBytes: number;
  readonly connectDataBytes: number;
  /** null: it comes in data packets of its own. */
  readonly connectData: string | null;
};

/** @throws ProtocolError */
export function parseConnect(packet: Packet): ConnectRequest {
  const { bytes } = packet;
  if (packet.type !== PACKET.connect || bytes.length < MIN_CONNECT_BYTES) {
    throw new ProtocolError('Not a connect packet');
  }
  const version = bytes.readUInt16BE(8);
  const length = bytes.readUInt16BE(24);
  const offset = bytes.readUInt16BE(26);
  if (length > MAX_CONNECT_DATA_BYTES) throw new ProtocolError(`${length} bytes of connect data`);
  const large = bytes.length >= LARGE_SDU_AT + 4 ? bytes.readUInt32BE(LARGE_SDU_AT) : 0;
  const inline = offset >= MIN_CONNECT_BYTES && offset + length <= bytes.length;
  return {
    version,
    sduBytes: Math.max(large === 0 ? bytes.readUInt16BE(14) : large, MIN_SDU_BYTES),
    connectDataBytes: length,
    connectData: inline ? bytes.toString('latin1', offset, offset + length) : null,
  };
}

/** Connect data from the packets behind the connect packet; null: there are more to come. */
export function collectConnectData(packets: readonly Packet[], length: number): string | null {
  for (const packet of packets) if (packet.type !== PACKET.data) throw new ProtocolError('No connect data');
  const bytes = Buffer.concat(packets.map(dataOf));
  return bytes.length < length ? null : bytes.toString('latin1', 0, length);
}

/** The service that is asked for. @throws OraError what the listener refuses with */
export function chooseService(
  connectData: string,
  options: { readonly version: number; readonly services: readonly string[] },
): string {
  if (options.version < MIN_VERSION) {
    throw new OraError(12618, 'TNS:versions are incompatible');
  }
  if (!/\(\s*CONNECT_DATA\s*=/i.test(connectData)) {
    throw new OraError(12504, 'TNS:listener was not given the SERVICE_NAME in CONNECT_DATA');
  }
  const server = parameter(connectData, 'SERVER');
  if (server !== null && server.toUpperCase() !== 'DEDICATED') {
    throw new OraError(12520, 'TNS:listener could not find available handler for requested type of server');
  }
  const service = parameter(connectData, 'SERVICE_NAME');
  const sid = parameter(connectData, 'SID');
  const asked = service ?? sid;
  if (asked === null) {
    throw new OraError(12504, 'TNS:listener was not given the SERVICE_NAME in CONNECT_DATA');
  }
  const known = options.services.find((each) => each.toUpperCase() === asked.toUpperCase());
  if (known !== undefined) return known;
  throw service === null
    ? new OraError(12505, 'TNS:listener does not currently know of SID given in connect descriptor')
    : new OraError(12514, 'TNS:listener does not currently know of service requested in connect descriptor');
}

function parameter(connectData: string, name: string): string | null {
  const value = new RegExp(`\\(\\s*${name}\\s*=\\s*([^()]*?)\\s*\\)`, 'i').exec(connectData)?.[1];
  return value === undefined || value === '' ? null : value;
}
