/** Errors as HTTP has them: problem details of RFC 9457. */
import { STATUS_CODES } from 'node:http';
import { hasZodFastifySchemaValidationErrors } from '@fastify/type-provider-zod';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ERRORS, type ErrorCode, isSyncError, SyncError } from '../domain/errors.ts';
import { storeError } from '../store/migrate.ts';

export const problemSchema = z
  .looseObject({
    /** Where the code is explained. */
    type: z.string(),
    title: z.string(),
    status: z.int(),
    /** What happened, without values of rows. */
    detail: z.string(),
    /** One of the codes of docs/errors.md. */
    code: z.string(),
    /** What to do. */
    remedy: z.string(),
    /** Also in the reply's header, and in the gateway's log. */
    requestId: z.string(),
  })
  .describe('Problem details of RFC 9457');

export type Problem = z.output<typeof problemSchema>;

const ERRORS_PAGE = 'https://syncline.dev/errors';

/** Seconds after which a request that came too early may come again. */
const RETRY_AFTER_S = 2;

export function problemOf(error: SyncError, requestId: string): Problem {
  const { code, message, remedy, details } = error;
  return {
    ...details,
    type: `${ERRORS_PAGE}#${code.toLowerCase()}`,
    title: titleOf(code),
    status: ERRORS[code].http,
    detail: message,
    code,
    remedy,
    requestId,
  };
}

function titleOf(code: ErrorCode): string {
  const words = code.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function sendProblem(reply: FastifyReply, error: SyncError): FastifyReply {
  const problem = problemOf(error, reply.request.id);
  if (problem.status === 503 && !reply.hasHeader('retry-after')) reply.header('retry-after', RETRY_AFTER_S);
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  return (
    reply
      .code(problem.status)
      .header('content-type', `${PROBLEM_TYPE}; charset=utf-8`)
      .header('cache-control', 'no-store')
      // An address that cannot be decoded ends here before any hook.
      .header('x-request-id', problem.requestId)
      .header('x-content-type-options', 'nosniff')
      .send(JSON.stringify(problem))
  );
}

const PROBLEM_TYPE = 'application/problem+json';

/** Errors that plugins answer by themselves, in words of their own. */
export async function onlyProblems(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): Promise<unknown> {
  const { statusCode: status } = reply;
  const isText = typeof payload === 'string' || Buffer.isBuffer(payload);
  if (status < 400 || !isText || String(reply.getHeader('content-type')).startsWith(PROBLEM_TYPE)) {
    return payload;
  }
  const error = new SyncError(status < 500 ? 'REQUEST_INVALID' : 'INTERNAL', {
    message: STATUS_CODES[status] ?? 'The request failed',
  });
  reply.removeHeader('content-length');
  reply.header('content-type', `${PROBLEM_TYPE}; charset=utf-8`).header('cache-control', 'no-store');
  return JSON.stringify({ ...problemOf(error, request.id), status });
}

/** Addresses and logins of servers are for those who look after them, and for the log. */
const SERVERS: readonly (readonly [prefix: string, name: string])[] = [
  ['STORE_', 'The store'],
  ['TEMPORAL_', 'Temporal'],
  ['SOURCE_', 'The source'],
];

/** What anybody may read of an error. */
export function forAnybody(error: SyncError): SyncError {
  const server = SERVERS.find(([prefix]) => error.code.startsWith(prefix));
  if (server === undefined || ERRORS[error.code].http < 500) return error;
  return new SyncError(error.code, { message: `${server[1]} cannot be used now` });
}

/** Whatever a route, a plugin or Fastify itself threw. What nobody foresaw is INTERNAL, and its text stays in the log. */
export function asSyncError(thrown: unknown): SyncError {
  const error = storeError(thrown);
  if (isSyncError(error)) return error;
  const { statusCode = 500, message } = error as FastifyError;
  if (hasZodFastifySchemaValidationErrors(error)) return invalid(error);
  if (statusCode === 413) return new SyncError('BODY_TOO_LARGE', { message: 'The body is too large' });
  if (statusCode === 415) {
    return new SyncError('REQUEST_INVALID', {
      message: 'The body is not marked as JSON',
      remedy: 'Send it with the header Content-Type: application/json.',
    });
  }
  if (statusCode === 429) return new SyncError('RATE_LIMITED', { message: 'There were too many requests' });
  if (statusCode >= 400 && statusCode < 500) return new SyncError('REQUEST_INVALID', { message });
  return new SyncError('INTERNAL', { message: 'The request failed', cause: error });
}

type Invalid = {
  readonly validation: readonly { readonly instancePath: string; readonly message?: string }[];
  readonly validationContext?: string;
};

/** Names the places that are wrong; values stay out. */
function invalid(error: unknown): SyncError {
  const { validation, validationContext = 'request' } = error as Invalid;
  const problems = validation.slice(0, 20).map(({ instancePath, message = 'is invalid' }) => ({
    at: `${validationContext}${instancePath}`,
    problem: message,
  }));
  const [first] = problems;
  return new SyncError('REQUEST_INVALID', {
    message: first === undefined ? 'The request is invalid' : `${first.at}: ${first.problem}`,
    details: { problems },
  });
}

export function notFound(request: FastifyRequest): SyncError {
  return new SyncError('NOT_FOUND', { message: `There is no ${request.method} of this path` });
}
