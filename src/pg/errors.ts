/** What an error of PostgreSQL or of its connection means to us, and what of it may be shown. */

export type PgErrorClass =
  | 'connection'
  | 'auth'
  | 'data'
  | 'constraint'
  | 'contention'
  | 'cancelled'
  | 'resources'
  | 'query';

const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
const CONTENTION = new Set(['40001', '40P01', '55P03']);
/** node-postgres raises these without a code. */
const CONNECTION_MESSAGE =
  /connection terminated|timeout expired|connection ended|not queryable|server closed|timeout exceeded when trying to connect|Client has encountered a connection error|Cannot use a pool after/i;

export function classifyPgError(error: unknown): PgErrorClass {
  const code = codeOf(error);
  if (code === null) return isConnectionMessage(error) ? 'connection' : 'query';
  if (CONNECTION_CODES.has(code) || code.startsWith('08') || code.startsWith('57P')) return 'connection';
  // The server ends an idle or overlong transaction's session: the work is gone, but may be tried again.
  if (code === '25P03' || code === '25P04') return 'connection';
  if (code.startsWith('28') || code === '3D000') return 'auth';
  if (code === '57014') return 'cancelled';
  if (CONTENTION.has(code)) return 'contention';
  if (code.startsWith('53')) return 'resources';
  if (code.startsWith('22')) return 'data';
  if (code.startsWith('23')) return 'constraint';
  return 'query';
}

/** SQLSTATE and message, without `detail` and without anything quoted that could be a row's value. */
export function describePgError(error: unknown): string {
  const code = codeOf(error);
  // What a function or trigger raises may hold anything.
  if (code?.startsWith('P0')) return `an error raised by the database’s own code (${code})`;
  const message = error instanceof Error ? error.message : String(error);
  return code === null ? scrub(message) : `${scrub(message)} (${code})`;
}

/** Names stand in quotes too; they are lost with the values, which is the safe side. */
function scrub(message: string): string {
  return message
    .replace(/: "(?:[^"]|"")*"/g, ': "…"')
    .replace(/(value|parameter|input) "(?:[^"]|"")*"/g, '$1 "…"')
    .replace(/'(?:[^']|'')*'/g, "'…'");
}

function codeOf(error: unknown): string | null {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : null;
}

function isConnectionMessage(error: unknown): boolean {
  return error instanceof Error && CONNECTION_MESSAGE.test(error.message);
}
