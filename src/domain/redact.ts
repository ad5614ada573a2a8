/**
 * Keeps secrets out of everything that is printed, logged or sent to Temporal. The list is one for the whole process,
 * because whoever prints a text does not know which secrets may be in it.
 */

const HIDDEN = '[redacted]';

/** Shorter values would blot out ordinary text, and hiding them protects nobody. */
const MIN_LENGTH = 4;

/** Words of our own output: a password like these cannot be hidden by its value, only where it stands (in a URL). */
const OWN_WORDS = new Set([
  'postgres',
  'postgresql',
  'oracle',
  'mysql',
  'syncline',
  'temporal',
  'password',
  'secret',
  'true',
  'false',
  'null',
  'test',
  'user',
  'root',
  'admin',
]);

const secrets = new Set<string>();
let pattern: RegExp | null = null;

/** Remembers a secret value and the forms that it takes in URLs and JSON. */
export function registerSecret(value: string): void {
  const text = value.replace(/\p{Surrogate}/gu, '\uFFFD');
  for (const form of [value, encodeURIComponent(text), encodeURI(text), JSON.stringify(value).slice(1, -1)]) {
    if (form.length >= MIN_LENGTH && !OWN_WORDS.has(form.toLowerCase())) secrets.add(form);
  }
  pattern = null;
}

/** Registers the password of a URL, as it is written and as it is meant. A text that is no URL has none. */
export function registerUrlSecret(url: string): void {
  const written = URL_PASSWORD.exec(url)?.[2];
  if (written === undefined) return;
  registerSecret(written);
  try {
    registerSecret(decodeURIComponent(written));
  } catch {
    // Not percent-encoded: it is meant as it is written.
  }
}

const URL_PASSWORD = /([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)([^\s/]+)(?=@)/i;
const URL_PASSWORDS = new RegExp(URL_PASSWORD.source, 'gi');
const NAME = '(?:password|passwd|pwd|api[_-]?key|secret|token)';
/** `password=…` of connection strings. */
const ASSIGNED = new RegExp(`\\b(${NAME}\\s*=\\s*)("[^"]*"|'[^']*'|[^\\s,;&}]+)`, 'gi');
/** `"password": "…"`; quotes stay, so that redacted JSON is still JSON. */
const IN_JSON = new RegExp(`("${NAME}"\\s*:\\s*")(?:[^"\\\\]|\\\\.)*(?=")`, 'gi');

/** Does a URL carry its password in plain sight? */
export function hasUrlPassword(text: string): boolean {
  return URL_PASSWORD.test(text);
}

/** The text without registered secrets, passwords in URLs and `password=…` pairs. */
export function redact(text: string): string {
  pattern ??= compile();
  const bare = pattern === null ? text : text.replace(pattern, HIDDEN);
  return bare
    .replace(URL_PASSWORDS, `$1${HIDDEN}`)
    .replace(ASSIGNED, `$1${HIDDEN}`)
    .replace(IN_JSON, `$1${HIDDEN}`);
}

/** Longest first: a secret may be the beginning of another one. */
function compile(): RegExp | null {
  if (secrets.size === 0) return null;
  const sorted = [...secrets].sort((a, b) => b.length - a.length);
  return new RegExp(sorted.map((secret) => secret.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'), 'g');
}
