/** The requests before a session's first call: negotiation, and the two calls of the logon. */

import type { Moment } from '../faults.ts';
import { OraError } from '../ora-error.ts';
import type { Engine } from '../types.ts';
import { createLogon, type LoggedOn } from './authenticate.ts';
import { type ClientCapabilities, FIELD_VERSION, unknownClient } from './capabilities.ts';
import { readLogon, sessionParameters, writeParameters } from './logon.ts';
import {
  readDataTypes,
  readFastNegotiation,
  readProtocol,
  writeDataTypes,
  writeProtocol,
} from './negotiate.ts';
import { ProtocolError, type TtcReader } from './reader.ts';
import type { TtcWriter } from './writer.ts';

const FUNCTION_MESSAGE = 3;
const PROOF = 115;
const CHALLENGE = 118;

export type Work = () => Promise<void>;

export type OpeningHost = {
  readonly reader: TtcReader;
  readonly writer: TtcWriter;
  readonly engine: Engine;
  readonly service: string;
  readonly fieldVersion: number;
  readonly endOfResponse: 'offered' | 'never';
  /** Reads the header of the logon's call within another message. */
  header(shape: 'token' | 'bare'): number;
  strike(moment: Pick<Moment, 'at'> & Partial<Moment>): Promise<void>;
  /** What was written until now stays, if the call fails. */
  keepReply(): void;
  endOfCall(): void;
  loggedOn(logon: LoggedOn): void;
};

export function isLogonFunction(functionCode: number): boolean {
  return functionCode === CHALLENGE || functionCode === PROOF;
}

export class Opening {
  readonly #host: OpeningHost;
  readonly #logon: ReturnType<typeof createLogon>;
  #client: ClientCapabilities;
  #negotiated = false;
  #done = false;

  constructor(host: OpeningHost) {
    this.#host = host;
    this.#logon = createLogon(host.engine);
    this.#client = unknownClient(host.fieldVersion);
  }

  get client(): ClientCapabilities {
    return this.#client;
  }

  /** Whether the headers of calls have a token. */
  get headers(): 'token' | 'bare' {
    return this.#negotiated && this.#client.fieldVersion >= FIELD_VERSION.token ? 'token' : 'bare';
  }

  protocol(): Work {
    readProtocol(this.#host.reader);
    return async () => writeProtocol(this.#host.writer, this.#host);
  }

  dataTypes(): Work {
    const client = readDataTypes(this.#host.reader, this.#host.fieldVersion);
    return async () => {
      this.#know(client);
      writeDataTypes(this.#host.writer, client);
    };
  }

  fastAuth(): Work {
    const { reader, writer } = this.#host;
    const { client, fieldVersionUsed } = readFastNegotiation(reader, this.#host.fieldVersion);
    if (reader.uint8() !== FUNCTION_MESSAGE) throw new ProtocolError('No call of the logon');
    const functionCode = this.#host.header(fieldVersionUsed >= FIELD_VERSION.token ? 'token' : 'bare');
    if (!isLogonFunction(functionCode)) throw new ProtocolError(`Function ${functionCode} before the logon`);
    const work = this.logon(functionCode, client);
    return async () => {
      this.#know(client);
      writeProtocol(writer, this.#host);
      writeDataTypes(writer, client);
      this.#host.keepReply();
      await work();
    };
  }

  /** One of the logon's calls, behind its header. */
  logon(functionCode: number, client: ClientCapabilities = this.#client): Work {
    const { reader, writer, service } = this.#host;
    const message = readLogon(reader, client);
    if (this.#done) {
      return () => Promise.reject(new OraError(3001, 'unimplemented feature: a second logon of a session'));
    }
    if (functionCode === CHALLENGE) {
      return async () => {
        writeParameters(writer, await this.#logon.challenge(message));
        this.#host.endOfCall();
      };
    }
    return async () => {
      const strike = (user: string): Promise<void> => this.#host.strike({ at: 'logon', user });
      const logon = await this.#logon.prove(message, strike);
      this.#done = true;
      this.#host.loggedOn(logon);
      const { id, serial } = logon.session;
      const { fieldVersion } = client;
      writeParameters(writer, sessionParameters({ id, serial, service, fieldVersion, proof: logon.proof }));
      this.#host.endOfCall();
    };
  }

  #know(client: ClientCapabilities): void {
    this.#client = client;
    this.#negotiated = true;
  }
}
