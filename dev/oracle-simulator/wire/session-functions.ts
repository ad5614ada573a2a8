/** Functions that concern the session rather than a statement, and those that are refused. */

import { OraError } from '../ora-error.ts';
import type { CallContext } from './call-context.ts';
import { FIELD_VERSION } from './capabilities.ts';
import { readClientText, writeClientText } from './client-text.ts';
import { serverVersion } from './logon.ts';
import type { TtcReader } from './reader.ts';

const BANNER = 'Oracle Database 19c Enterprise Edition Release 19.0.0.0.0 - simulated by Syncline';
const PARAMETERS = 8;
const STATEMENT_FUNCTIONS = new Set([4, 5, 78, 94, 96]);

/** Execute, execute again, fetch, LOB calls. */
export function isStatementFunction(functionCode: number): boolean {
  return STATEMENT_FUNCTIONS.has(functionCode);
}

/** What a session function may do to its connection. */
export type SessionControl = {
  /** The reply that is being written is the last one. */
  logOff(): void;
  endPipeline(): void;
};

export type SessionCall = { readonly context: CallContext; readonly control: SessionControl };
type Work = () => Promise<void>;

const FUNCTIONS: Readonly<Record<number, (call: SessionCall) => Work>> = {
  9: logOff,
  14: commit,
  15: rollback,
  59: version,
  103: switchTransaction,
  104: changeTransactionState,
  119: describeObject,
  128: prepareDirectPath,
  147: ping,
  163: releaseSession,
  200: endPipeline,
};

/** Reads the request behind its header. Functions that nobody knows are refused too. */
export function parseSessionFunction(functionCode: number, call: SessionCall): Work {
  const parse = FUNCTIONS[functionCode];
  if (parse !== undefined) return parse(call);
  call.context.reader.drop();
  return refusal(`function ${functionCode} of the protocol`);
}

function commit({ context }: SessionCall): Work {
  return async () => {
    await context.commit();
    context.endWithStatus();
  };
}

function rollback({ context }: SessionCall): Work {
  return async () => {
    await context.rollback();
    context.endWithStatus();
  };
}

function ping({ context }: SessionCall): Work {
  return async () => {
    await context.strike({ at: 'ping' });
    context.endWithStatus();
  };
}

/** A session that ends in order commits. */
function logOff({ context, control }: SessionCall): Work {
  return async () => {
    if (context.session.inTransaction) await context.commit();
    context.endWithStatus();
    control.logOff();
  };
}

/** One way: there is no reply. */
function releaseSession({ context }: SessionCall): Work {
  context.reader.uint8(); // pointer: tag
  context.reader.uint8(); // its length
  context.reader.ub(); // mode
  return () => context.session.rollback();
}

function endPipeline({ context, control }: SessionCall): Work {
  context.reader.ub();
  return async () => {
    control.endPipeline();
    context.endWithStatus();
  };
}

function version({ context }: SessionCall): Work {
  const { reader, writer, client } = context;
  reader.uint8(); // pointer: buffer
  reader.ub(); // its length
  reader.uint8(); // pointers: length, number
  reader.uint8();
  if (client.fieldVersion >= FIELD_VERSION.v18) reader.ub(); // mode
  return async () => {
    writer.uint8(PARAMETERS);
    writeClientText(writer, client, BANNER);
    writer.ub(serverVersion(client.fieldVersion));
    context.endOfCall();
  };
}

/** What JDBC asks for to get generated keys by name. Its reply is not known. */
function describeObject({ context: { reader, client } }: SessionCall): Work {
  reader.uint8();
  reader.ub();
  reader.raw(3);
  const name = readClientText(reader, client, reader.count());
  reader.drop(); // tails that differ by version; nothing follows before the reply
  return refusal(`description of object ${name} by the protocol`);
}

function switchTransaction({ context: { reader } }: SessionCall): Work {
  reader.ub(); // operation
  const contextBytes = skipPointer(reader);
  reader.ub(); // format
  reader.ub(); // length of the global part
  reader.ub(); // length of the branch
  const idBytes = skipPointer(reader);
  reader.ub(); // flags
  reader.ub(); // time-out
  reader.raw(3); // pointers of what comes back
  const internalBytes = skipPointer(reader);
  const externalBytes = skipPointer(reader);
  reader.raw(contextBytes + idBytes);
  reader.ub(); // application's value
  reader.raw(internalBytes + externalBytes);
  return refusal('distributed transactions');
}

function changeTransactionState({ context: { reader } }: SessionCall): Work {
  reader.ub(); // operation
  const contextBytes = skipPointer(reader);
  reader.ub(); // format
  reader.ub(); // length of the global part
  reader.ub(); // length of the branch
  const idBytes = skipPointer(reader);
  reader.ub(); // time-out
  reader.ub(); // state
  reader.uint8(); // pointer
  reader.ub(); // flags
  reader.raw(contextBytes + idBytes);
  return refusal('distributed transactions');
}

function prepareDirectPath({ context: { reader } }: SessionCall): Work {
  reader.ub();
  reader.uint8();
  const pairs = reader.count();
  reader.uint8();
  const numbers = reader.count();
  reader.raw(6);
  for (let index = 0; index < pairs; index++) {
    if (reader.ub() > 0) reader.bytes();
    if (reader.ub() > 0) reader.bytes();
    reader.ub();
  }
  for (let index = 0; index < numbers; index++) reader.ub();
  return refusal('direct path load');
}

/** A pointer and the length of what it points to: how many bytes follow later. */
function skipPointer(reader: TtcReader): number {
  const pointer = reader.uint8();
  const length = reader.count();
  return pointer === 0 ? 0 : length;
}

function refusal(feature: string): Work {
  return async () => {
    throw new OraError(3001, `unimplemented feature: ${feature}`);
  };
}
