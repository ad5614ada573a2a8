/** PostgreSQL's names of types in messages, as Oracle's messages call them. */

const names: Readonly<Record<string, string>> = {
  numeric: 'NUMBER',
  integer: 'NUMBER',
  bigint: 'NUMBER',
  smallint: 'NUMBER',
  real: 'BINARY_FLOAT',
  'double precision': 'BINARY_DOUBLE',
  text: 'CHAR',
  unknown: 'CHAR',
  'character varying': 'CHAR',
  character: 'CHAR',
  'timestamp without time zone': 'TIMESTAMP',
  'timestamp with time zone': 'TIMESTAMP WITH TIME ZONE',
  interval: 'INTERVAL',
  bytea: 'BINARY',
  'oracle.date': 'DATE',
  'oracle.timestamp9': 'TIMESTAMP',
  'oracle.clob': 'CLOB',
  'oracle.nclob': 'NCLOB',
  'oracle.blob': 'BLOB',
  'oracle.raw': 'BINARY',
  'oracle.long': 'LONG',
  'oracle.rowid': 'ROWID',
};

const known = new RegExp(
  Object.keys(names)
    .sort((a, b) => b.length - a.length)
    .map((name) => `(?<![\\w.])(?:oracle\\.)?${name.replace('oracle.', '')}(?!\\w)`)
    .join('|'),
  'g',
);

/** ORA-00932 with the first two types that a message of PostgreSQL names. */
export function inconsistentTypes(message: string): { readonly number: number; readonly text: string } {
  const found = [...message.matchAll(known)].map(([name]) => names[name] ?? names[`oracle.${name}`] ?? '-');
  return { number: 932, text: `inconsistent datatypes: expected ${found[0] ?? '-'} got ${found[1] ?? '-'}` };
}
