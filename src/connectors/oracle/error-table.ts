/** What an error of Oracle or of its driver means: its class, and the SyncError without row values that it becomes. */
import { type ErrorCode, SyncError } from '../../domain/errors.ts';
import { NJS_RULES, ORA_RULES, type OracleErrorClass, type Rule, WRAPPERS } from './error-rules.ts';

export type OracleErrorNumber = { readonly prefix: 'ORA' | 'NJS' | 'DPI'; readonly number: number };

type Meaning = { readonly class: OracleErrorClass; readonly remedy?: string };

const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

const CODES: Readonly<Record<OracleErrorClass, ErrorCode>> = {
  connection: 'SOURCE_UNAVAILABLE',
  busy: 'SOURCE_BUSY',
  auth: 'SOURCE_AUTH',
  privilege: 'SOURCE_AUTH',
  transient: 'SOURCE_UNAVAILABLE',
  'snapshot-too-old': 'SOURCE_UNAVAILABLE',
  cancelled: 'SOURCE_UNAVAILABLE',
  timeout: 'SOURCE_UNAVAILABLE',
  resources: 'SOURCE_UNAVAILABLE',
  constraint: 'SOURCE_QUERY',
  data: 'SOURCE_QUERY',
  raised: 'SOURCE_QUERY',
  query: 'SOURCE_QUERY',
  config: 'CONFIG_INVALID',
  defect: 'INTERNAL',
};

/** Whom an error concerns beyond the statement that met it: the source as a whole, or every read of the entity. */
const SCOPES: Partial<Record<OracleErrorClass, 'source' | 'entity'>> = {
  auth: 'source',
  config: 'source',
  privilege: 'entity',
  query: 'entity',
};

/**
 * SOURCE_UNAVAILABLE, SOURCE_BUSY, SOURCE_AUTH, SOURCE_QUERY, CONFIG_INVALID or INTERNAL. `details`: `oracle` (the
 * number, `ORA-00942`), `class`, and `scope`: 'source' (no attempt of anyone can succeed: ORA-01017, ORA-28000),
 * 'entity' (every read of the entity meets it) or left out. A SyncError passes as it is.
 */
export function oracleError(sourceName: string, error: unknown): SyncError {
  if (error instanceof SyncError) return error;
  const meaning = meaningOf(error);
  const found = oracleNumber(error);
  const scope = SCOPES[meaning.class];
  return new SyncError(CODES[meaning.class], {
    message: `Source ${sourceName}: ${describeOracleError(error)}`,
    cause: error,
    details: {
      class: meaning.class,
      ...(found !== null && { oracle: codeText(found) }),
      ...(scope !== undefined && { scope }),
    },
    ...(meaning.remedy !== undefined && { remedy: meaning.remedy }),
  });
}

export function classifyOracleError(error: unknown): OracleErrorClass {
  return meaningOf(error).class;
}

/** Is the session lost with this error? Then only the ledger knows what became of its transaction. */
export function isConnectionLost(error: unknown): boolean {
  const { code } = fields(reasonOf(error));
  // The driver hangs up after errors that it reports as NJS-500, and after a break that nobody answered.
  return (
    code === 'NJS-500' ||
    /Error recovery failed/.test(messageOf(reasonOf(error))) ||
    meaningOf(error).class === 'connection'
  );
}

/** The number that says what happened; those that only say where are skipped. null: not of Oracle. */
export function oracleNumber(thrown: unknown): OracleErrorNumber | null {
  const error = reasonOf(thrown);
  const { errorNum, code } = fields(error);
  const listed = [...messageOf(error).matchAll(/\b(ORA|NJS|DPI)-(\d{3,5})\b/g)].map(([, prefix, digits]) => ({
    prefix: prefix as OracleErrorNumber['prefix'],
    number: Number(digits),
  }));
  // Batch errors have neither: what their message begins with counts.
  const given = typeof errorNum === 'number' && errorNum > 0 ? errorNum : null;
  const first =
    given !== null ? { prefix: 'ORA' as const, number: given } : (fromCode(code) ?? listed[0] ?? null);
  if (first?.prefix !== 'ORA' || !WRAPPERS.has(first.number)) return first;
  return listed.find(({ prefix, number }) => prefix === 'ORA' && !WRAPPERS.has(number)) ?? first;
}

/** COMMIT found a deferred constraint violated, and rolled everything back. */
export function isDeferredViolation(error: unknown): boolean {
  return /\bORA-02091\b/.test(messageOf(reasonOf(error)));
}

/** `ORA-00942`, `NJS-500`; null: not of Oracle. */
export function oracleCode(error: unknown): string | null {
  const found = oracleNumber(error);
  return found && codeText(found);
}

/** Number and first line, without anything that could be a row's value. */
export function describeOracleError(thrown: unknown): string {
  const error = reasonOf(thrown);
  const found = oracleNumber(error);
  if (found === null) return scrub(messageOf(error));
  const code = codeText(found);
  const lines = messageOf(error).split('\n');
  const at = lines.findIndex((each) => each.startsWith(`${code}: `));
  // PL/SQL says where first, then what.
  const line = lines[at]?.endsWith(':') ? `${lines[at]} ${lines[at + 1] ?? ''}` : lines[at];
  // What a trigger or procedure raises may hold anything.
  if (found.prefix === 'ORA' && found.number >= 20_000 && found.number <= 20_999)
    return `${code}: an error raised by the database’s own code`;
  return line === undefined ? code : scrub(line);
}

/** The text that RAISE_APPLICATION_ERROR was given; null for any other error. It may hold values: not for logs. */
export function raisedText(error: unknown): string | null {
  const found = oracleNumber(error);
  if (found === null || classifyNumber(found)?.class !== 'raised') return null;
  const text = new RegExp(`${codeText(found)}: ?([\\s\\S]*?)(?=\\n(?:ORA-\\d{5}|Help:)|$)`).exec(
    messageOf(reasonOf(error)),
  );
  return text?.[1]?.trim() ?? '';
}

function meaningOf(error: unknown): Meaning {
  if (error instanceof SyncError && typeof error.details.class === 'string') {
    return { class: error.details.class as OracleErrorClass };
  }
  const found = oracleNumber(error);
  if (found !== null) return classifyNumber(found) ?? unlisted(found);
  const { code, name } = fields(error);
  if (typeof code === 'string' && SOCKET_CODES.has(code)) return { class: 'connection' };
  return { class: name === 'AbortError' ? 'cancelled' : 'defect' };
}

function classifyNumber({ prefix, number }: OracleErrorNumber): Meaning | undefined {
  if (prefix === 'DPI') return thick(number);
  return (prefix === 'ORA' ? ORA_RULES : NJS_RULES).find((rule) => lists(rule, number));
}

/** Thick mode's own numbers, where the driver left them untranslated. */
function thick(number: number): Meaning | undefined {
  if ([1010, 1080].includes(number)) return { class: 'connection' };
  if (number === 1067) return { class: 'timeout' };
  return number === 1047
    ? { class: 'config', remedy: 'Install an Oracle Client, or use thin mode.' }
    : undefined;
}

function lists({ numbers }: Rule, number: number): boolean {
  return numbers.some((each) =>
    typeof each === 'number' ? each === number : number >= each[0] && number <= each[1],
  );
}

/** Syntax and names are refused before the first row; all else is met at a row. */
function unlisted({ prefix, number }: OracleErrorNumber): Meaning {
  if (prefix !== 'ORA') return { class: 'defect' };
  const refused =
    (number >= 900 && number <= 999) || [439, 1756, 1789, 1790, 3001, 6550, 6553].includes(number);
  return { class: refused ? 'query' : 'data' };
}

function fromCode(code: unknown): OracleErrorNumber | null {
  const parts = typeof code === 'string' ? /^(ORA|NJS|DPI)-(\d+)$/.exec(code) : null;
  return parts && { prefix: parts[1] as OracleErrorNumber['prefix'], number: Number(parts[2]) };
}

function codeText({ prefix, number }: OracleErrorNumber): string {
  return `${prefix}-${String(number).padStart(prefix === 'NJS' ? 3 : prefix === 'DPI' ? 4 : 5, '0')}`;
}

/** Names stand in double quotes; values in single ones, or behind the words that newer versions announce them with. */
function scrub(message: string): string {
  return (message.split('\n')[0] as string)
    .replace(/'(?:[^']|'')*'/g, "'…'")
    .replace(/(row with column values|value containing|string value).*$/, '$1 …');
}

/** What the driver threw, where it was made a SyncError already. */
function reasonOf(error: unknown): unknown {
  return error instanceof SyncError && error.cause !== undefined ? error.cause : error;
}

function fields(error: unknown): { errorNum?: unknown; code?: unknown; name?: unknown } {
  return error !== null && typeof error === 'object' ? error : {};
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
