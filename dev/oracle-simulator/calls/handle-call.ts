/** The calls of statements: what the connection reads them by. */

import type { ParseCall } from '../wire/call-context.ts';
import { ProtocolError } from '../wire/reader.ts';
import { endQuery } from './cursors.ts';
import { parseExecute, parseExecuteAgain, parseFetch } from './parse-execute.ts';
import { parseLobCall } from './parse-lob.ts';
import { runExecute } from './run-execute.ts';
import { runFreeLobs, runLobCall } from './run-lob.ts';
import { runFetch } from './run-query.ts';

const FUNCTION = { executeOnly: 4, fetch: 5, executeAndFetch: 78, execute: 94, lob: 96 } as const;
const PIGGYBACK = { lob: 96, closeCursors: 105, cancelCursors: 120 } as const;

export const parseCall: ParseCall = (functionCode, context) => {
  switch (functionCode) {
    case FUNCTION.execute: {
      const request = parseExecute(context);
      return () => runExecute(context, request);
    }
    case FUNCTION.executeOnly:
    case FUNCTION.executeAndFetch: {
      const end = functionCode === FUNCTION.executeAndFetch ? 'fetch' : 'execute only';
      const request = parseExecuteAgain(context, end);
      return () => runExecute(context, request);
    }
    case FUNCTION.fetch: {
      const request = parseFetch(context);
      return () => runFetch(context, request);
    }
    case FUNCTION.lob: {
      const request = parseLobCall(context);
      return () => runLobCall(context, request);
    }
    default:
      throw new ProtocolError(`Function ${functionCode} is none of statements`);
  }
};

/** In front of another call, without an answer of its own. */
export const parsePiggyback: ParseCall = (functionCode, context) => {
  const { reader, cursors } = context;
  if (functionCode === PIGGYBACK.lob) {
    const request = parseLobCall(context);
    return async () => runFreeLobs(context, request);
  }
  if (functionCode !== PIGGYBACK.closeCursors && functionCode !== PIGGYBACK.cancelCursors) {
    throw new ProtocolError(`Piggyback ${functionCode} is none of statements`);
  }
  reader.uint8(); // pointer
  const ids = Array.from({ length: reader.count() }, () => reader.ub());
  if (functionCode === PIGGYBACK.closeCursors) {
    return async () => {
      for (const id of ids) await cursors.close(id);
    };
  }
  return async () => {
    for (const id of ids) {
      const cursor = cursors.find(id);
      if (cursor !== undefined) await endQuery(cursor);
    }
  };
};
