/** What clients send along in front of a call, without a reply of its own. */

import { OraError } from '../ora-error.ts';
import type { CallContext } from './call-context.ts';
import { readClientText, readKeyValue } from './client-text.ts';
import { ProtocolError } from './reader.ts';

export type PipelineMode = 'continue' | 'abort';
export type PiggybackControl = { beginPipeline(mode: PipelineMode): void };
type Work = () => Promise<void>;

/** Reads the piggyback behind its header; null: one of statements (105, 120, 96). @throws ProtocolError for others */
export function parsePiggyback(
  functionCode: number,
  context: CallContext,
  control: PiggybackControl,
): Work | null {
  switch (functionCode) {
    case 96:
    case 105:
    case 120:
      return null;
    case 135:
      return endToEnd(context);
    case 152:
      return currentSchema(context);
    case 154:
      return applicationContext(context);
    case 199:
      return beginPipeline(context, control);
    default:
      throw new ProtocolError(`Piggyback ${functionCode}`);
  }
}

function currentSchema({ reader, client, session }: CallContext): Work {
  reader.uint8(); // pointer
  const name = readClientText(reader, client, reader.count());
  return async () => {
    const plain = /^[A-Za-z][\w$#]*$/.test(name);
    const identifier = plain ? name : `"${name.replace(/^"(.*)"$/, '$1')}"`;
    await session.other(session.parse(`ALTER SESSION SET CURRENT_SCHEMA = ${identifier}`));
  };
}

/** Values of V$SESSION. A pointer without a length clears the value; no pointer leaves it. */
function endToEnd({ reader, client, session }: CallContext): Work {
  const present: { readonly name: string; readonly length: number }[] = [];
  const value = (name: string): void => {
    const pointer = reader.uint8();
    const length = reader.count();
    if (pointer !== 0) present.push({ name, length });
  };
  reader.raw(2); // pointers
  reader.ub(); // flags
  value('clientIdentifier');
  value('module');
  value('action');
  value('ecid');
  reader.uint8();
  reader.ub();
  value('clientInfo');
  reader.uint8();
  reader.ub();
  reader.uint8();
  reader.ub();
  value('dbOperation');
  const values: Record<string, string> = {};
  for (const { name, length } of present) {
    // python-oracledb: an empty text has its length of 0 there again, None has nothing. What follows never begins with 0.
    if (length === 0 && client.prefixedText && reader.peek() === 0) reader.uint8();
    values[name] = readClientText(reader, client, length);
  }
  return async () => {
    session.describeClient(values);
  };
}

/** Kept nowhere, so it is refused: SYS_CONTEXT would not know the values. */
function applicationContext({ reader }: CallContext): Work {
  if (reader.uint8() !== 0) reader.ub(); // length of the name space
  reader.uint8(); // pointer: values
  const count = reader.count();
  reader.ub(); // flags
  reader.uint8();
  const nameSpace = reader.text() ?? '';
  for (let index = 0; index < count; index++) readKeyValue(reader);
  return async () => {
    throw new OraError(3001, `unimplemented feature: application context ${nameSpace}`);
  };
}

function beginPipeline({ reader }: CallContext, control: PiggybackControl): Work {
  reader.ub(); // error set
  reader.uint8(); // its mode
  const mode = reader.uint8();
  return async () => control.beginPipeline(mode === 2 ? 'abort' : 'continue');
}
