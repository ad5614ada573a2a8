/** Node's HTTP server: how long it waits for clients, and what it says to those that speak no HTTP. */

import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { LogController } from 'fastify';
import { ERRORS, SyncError } from '../domain/errors.ts';
import { problemOf } from './problem.ts';

/** The head of a request has to be there by then, and the whole request by the second: Node's own are 60 s and 5 min. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
/** So often Node looks who is too late. */
const CHECK_MS = 5_000;
const MAX_HEADER_BYTES = 16 * 1_024;
/** A connection on which nothing is asked. Longer than the usual minute of proxies, which may then use it without a race. */
const KEEP_ALIVE_MS = 72_000;
/** A connection on which no byte moves in the middle of a reply. Streams have a heartbeat well within it. */
const SILENT_MS = 150_000;
/** Keys of several columns are long, and each character may be written as nine. */
const MAX_PARAM_LENGTH = 4_096;

/** An id that somebody before us gave the request. Others would let a client write into our log. */
const REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/;

export const serverOptions = {
  requestTimeout: REQUEST_MS,
  keepAliveTimeout: KEEP_ALIVE_MS,
  connectionTimeout: SILENT_MS,
  // While it closes, what comes on open connections is still answered.
  return503OnClosing: false,
  // access-log.ts says less of each request.
  logController: new LogController({ disableRequestLogging: true }),
  http: {
    headersTimeout: HEADERS_MS,
    connectionsCheckingInterval: CHECK_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
  },
  routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
  genReqId: ({ headers }: Pick<IncomingMessage, 'headers'>): string => {
    const given = headers['x-request-id'];
    return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
  },
  clientErrorHandler: answerClientError,
};

/** No request was understood, so there is no reply but these bytes. */
function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (socket.writable && socket.bytesWritten === 0) socket.write(problemBytes(error.code));
  socket.destroy();
}

function problemBytes(code: string | undefined): string {
  const [status, message] = meaningOf(code);
  const problem = { ...problemOf(new SyncError('REQUEST_INVALID', { message }), randomUUID()), status };
  const body = JSON.stringify(problem);
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Connection: close',
    `X-Request-Id: ${problem.requestId}`,
    '',
    body,
  ].join('\r\n');
}

function meaningOf(code: string | undefined): [number, string] {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return [408, 'The request took too long to come'];
  if (code === 'HPE_HEADER_OVERFLOW') return [431, 'The headers of the request are too large'];
  return [ERRORS.REQUEST_INVALID.http, 'This is no request of HTTP'];
}
