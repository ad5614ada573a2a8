/** Before anything else: the client's CONNECT, and ACCEPT or REFUSE. */

import { OraError } from '../ora-error.ts';
import { chooseService, collectConnectData, parseConnect } from './connect.ts';
import type { Link } from './link.ts';
import { ACCEPT_FLAG, acceptPacket, type Packet, refusePacket } from './packets.ts';

/** Clients never send longer ones than the unit of data, but may count on this much before they know it. */
const MIN_PACKET_LIMIT_BYTES = 65_535;

export type Greeting = {
  readonly services: readonly string[];
  /** The most that this server takes in one packet. */
  readonly sduBytes: number;
  readonly fastAuth: 'offered' | 'never';
  readonly endOfResponse: 'offered' | 'never';
  /** The fault of 'connect'; what it rejects with refuses the client. */
  strike(): Promise<void>;
};

export type Greeted = { readonly service: string; readonly sduBytes: number };

/** null: refused. @throws ConnectionGone, ProtocolError */
export async function greet(link: Link, greeting: Greeting): Promise<Greeted | null> {
  const request = parseConnect(await link.packet());
  const packets: Packet[] = [];
  let connectData = request.connectData;
  while (connectData === null) {
    packets.push(await link.packet());
    connectData = collectConnectData(packets, request.connectDataBytes);
  }
  try {
    await greeting.strike();
    const service = chooseService(connectData, { version: request.version, services: greeting.services });
    const sduBytes = Math.min(request.sduBytes, greeting.sduBytes);
    link.send(
      acceptPacket({
        version: Math.min(request.version, greeting.endOfResponse === 'offered' ? 319 : 318),
        sduBytes,
        flags:
          (greeting.fastAuth === 'offered' ? ACCEPT_FLAG.fastAuth : 0) |
          (greeting.endOfResponse === 'offered' ? ACCEPT_FLAG.endOfResponse : 0),
      }),
    );
    link.accepted({ maxBytes: Math.max(sduBytes, MIN_PACKET_LIMIT_BYTES) });
    return { service, sduBytes };
  } catch (error) {
    if (!(error instanceof OraError)) throw error;
    link.send(refusePacket(error.number, error.message));
    link.end();
    return null;
  }
}
