/** What people send who mean no good, and what broken programs send. */
import { gzipSync } from 'node:zlib';

/** Any of these calls leaves a row in `public.injected`, where somebody executes it. */
export const INJECTED = {
  ddl: `CREATE TABLE public.injected (at timestamptz NOT NULL DEFAULT now());
    CREATE FUNCTION public.hit() RETURNS text LANGUAGE sql AS
      'INSERT INTO public.injected DEFAULT VALUES RETURNING at::text';`,
  count: 'SELECT count(*)::int AS count FROM public.injected',
} as const;

const SQL = [
  `'; SELECT public.hit(); --`,
  `' || public.hit() || '`,
  `1; SELECT public.hit()`,
  `1) OR public.hit() IS NOT NULL --`,
  `"; SELECT public.hit(); --`,
  `" || public.hit() || "`,
  `$$; SELECT public.hit(); $$`,
  `\\'; SELECT public.hit(); --`,
  `(SELECT public.hit())`,
  `id, public.hit()`,
  `'; DROP TABLE shop.orders; --`,
  `orders"; DROP TABLE "shop"."orders"; --`,
  `' UNION SELECT secret FROM shop.orders --`,
  `pg_sleep(60)`,
  `'||pg_sleep(60)||'`,
];

const OTHER = [
  '../../../../etc/passwd',
  '..\\..\\windows',
  '/etc/passwd\u0001',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '\u202e',
  '\u0007\u001b[31m',
  'x\r\nSet-Cookie: a=b',
  '#{7*7}{{7*7}}<%=7*7%>',
  '<script>alert(1)</script>',
  '%s%n%x',
  '9'.repeat(400),
  '-1',
  '1e999',
  '9223372036854775808',
  '-9223372036854775809',
  'NaN',
  'null',
  '0x41',
  ' ',
  'é́'.repeat(100),
  '😀'.repeat(50),
  'x'.repeat(3_000),
  '2026-99-99T99:99:99Z',
  '[object Object]',
  '*',
  '(?=(a+)+$)aaaaaaaaaaaaaaaaaaaaaaaa!',
  `${'a'.repeat(60)}"`,
];

/** Texts that a request can carry anywhere. */
export const TEXTS: readonly string[] = [...SQL, ...OTHER];

/** Parts of paths and queries that no encoder would write. */
export const RAW_PARTS: readonly string[] = [
  '%00',
  'a%00b',
  '%',
  '%zz',
  '%u0000',
  '%c0%80',
  '%ed%a0%80',
  '%ff%fe',
  '..%2f..%2fetc%2fpasswd',
  '..',
  '.',
  '%2e%2e%2f',
  ';a=b',
  '%0d%0aSet-Cookie:%20a=b',
  '%25%30%30',
];

/** Values of JSON where another one is expected. */
export const VALUES: readonly string[] = [
  'null',
  'true',
  '0',
  '-1',
  '1e400',
  '1.5',
  '99999999999999999999999999',
  '0.1234567890123456789012345678901234567890',
  '[]',
  '{}',
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '"x\\udc00y"',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '[[[[[[[[[[]]]]]]]]]]',
  `${'['.repeat(100)}${']'.repeat(100)}`,
  '{"":1}',
  '{"\\u0000":1}',
  ...TEXTS.map((text) => JSON.stringify(text)),
];

export type HostileBody = {
  readonly name: string;
  readonly bytes: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
};

const json = { 'content-type': 'application/json' } as const;

/** Whole bodies, whatever the route wants. */
export function hostileBodies(maxBodyBytes: number): HostileBody[] {
  const text = (name: string, body: string): HostileBody => ({
    name,
    bytes: Buffer.from(body),
    headers: json,
  });
  const bytes = (name: string, body: Buffer, headers: Record<string, string> = {}): HostileBody => ({
    name,
    bytes: body,
    headers: { ...json, ...headers },
  });
  const bomb = gzipSync(Buffer.alloc(20_000_000, ' '));
  return [
    text('empty', ''),
    text('no JSON', '{"a":'),
    text('two of them', '{}{}'),
    text('a comment', '{/*x*/}'),
    text('single quotes', "{'a':1}"),
    text('deep', '['.repeat(100_000)),
    text('deep and closed', `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`),
    text('deep with long numbers', `[12345678901234567890,${'['.repeat(50_000)}`),
    text('huge number', '9'.repeat(100_000)),
    text('huge exponent', '1e99999999999'),
    text('many names', `{${Array.from({ length: 5_000 }, (_, i) => `"${i}":1`).join()}}`),
    text('the same name', `{${'"rows":[],'.repeat(1_000)}"rows":1}`),
    text('polluting', '{"__proto__":{"polluted":true},"rows":[]}'),
    text('polluting in disguise', '{"\\u005f\\u005fproto__":{"polluted":true}}'),
    text('NUL', '{"rows":[{"\\u0000":"\\u0000"}]}'),
    text('half a character', '{"rows":["\\ud800"],"comment":"\\udfff"}'),
    text('a list of nothing', '{"rows":[null,1,"x",[],true]}'),
    text('rows of nothing', '{"rows":{"length":1000000000}}'),
    text('only a number', '1'),
    text('only null', 'null'),
    text('many rows', `{"rows":[${'{},'.repeat(20_000)}{}]}`),
    bytes('no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])),
    bytes('UTF-16', Buffer.from('{"a":1}', 'utf16le')),
    bytes('a bomb', bomb, { 'content-encoding': 'gzip' }),
    bytes('no gzip', Buffer.from('{}'), { 'content-encoding': 'gzip' }),
    bytes('unknown packing', Buffer.from('{}'), { 'content-encoding': 'bomb' }),
    bytes('oversize', Buffer.alloc(maxBodyBytes + 1, ' ')),
    bytes('form', Buffer.from('a=b'), { 'content-type': 'application/x-www-form-urlencoded' }),
    bytes('text', Buffer.from('{}'), { 'content-type': 'text/plain' }),
    bytes('odd type', Buffer.from('{}'), { 'content-type': 'application/json; charset=utf-7; ;;' }),
    bytes('multipart', Buffer.from('--x\r\n'), { 'content-type': 'multipart/form-data; boundary=x' }),
  ];
}

/** Of headers, which carry bytes from 0x20 to 0xff but DEL. */
export const HOSTILE_HEADERS: readonly Readonly<Record<string, string>>[] = [
  { authorization: 'Bearer ' },
  { authorization: `Bearer ${'x'.repeat(5_000)}` },
  { authorization: 'Basic YWRtaW46YWRtaW4=' },
  { authorization: `Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.` },
  { authorization: `Bearer '; SELECT public.hit(); --` },
  { 'idempotency-key': `'; SELECT public.hit(); --` },
  { 'idempotency-key': 'x'.repeat(5_000) },
  { 'idempotency-key': '\u00ff\u00fe' },
  { 'if-match': `"'; SELECT public.hit(); --"` },
  { 'if-match': '*' },
  { 'if-match': '"9999999999999999999999.99999999999999999999999"' },
  { 'if-none-match': `W/"${'x'.repeat(3_000)}"` },
  { 'last-event-id': `'; SELECT public.hit(); --` },
  { accept: 'text/event-stream;q=0, */*;q=x' },
  { 'accept-encoding': 'br;q=9999, ,,,*;q=-1' },
  { 'x-request-id': '"},{"injected":"line' },
  { 'x-forwarded-for': `'; SELECT public.hit(); --` },
  { 'x-http-method-override': 'DELETE' },
  { host: 'evil.example.com' },
  { range: 'bytes=0-999999999999999999999' },
];
