/**
 * PostgreSQL's types, each with a type of the mirror that holds every value of it, or the reason why there is none.
 * Lengths and precisions are left out, so a widened source column needs no change of the mirror.
 */
import type { SourceColumn } from '../../domain/entity.ts';

/** A type as pg_type has it; domains are resolved to their base before. */
export type CatalogueType = {
  /** format_type() with the column's modifier. */
  readonly shown: string;
  readonly schema: string;
  /** pg_type.typname. */
  readonly name: string;
  /** pg_type.typtype: b base, c composite, e enum, m multirange, p pseudo, r range. */
  readonly kind: string;
  /** The element's type when this is an array; domains resolved. */
  readonly element: (Omit<CatalogueType, 'element' | 'shown'> & { readonly isDomain: boolean }) | null;
};

/** `binary`: the bytes of COPY (FORMAT binary) are those of the mirror's type. */
type Mapped = { readonly type: string; readonly binary: boolean };

const same = (type: string): Mapped => ({ type, binary: true });
const byText = (type: string): Mapped => ({ type, binary: false });

const SCALARS: Readonly<Record<string, Mapped>> = {
  bool: same('boolean'),
  int2: same('smallint'),
  int4: same('integer'),
  int8: same('bigint'),
  float4: same('real'),
  float8: same('double precision'),
  numeric: same('numeric'),
  text: same('text'),
  varchar: same('text'),
  // Padding stays: it is part of what the source shows.
  bpchar: same('text'),
  name: same('text'),
  char: byText('text'),
  bytea: same('bytea'),
  date: same('date'),
  time: same('time without time zone'),
  timetz: same('time with time zone'),
  timestamp: same('timestamp without time zone'),
  timestamptz: same('timestamp with time zone'),
  interval: same('interval'),
  json: same('json'),
  jsonb: same('jsonb'),
  uuid: same('uuid'),
  inet: same('inet'),
  cidr: same('cidr'),
  macaddr: same('macaddr'),
  macaddr8: same('macaddr8'),
  bit: same('bit varying'),
  varbit: same('bit varying'),
  point: same('point'),
  line: same('line'),
  lseg: same('lseg'),
  box: same('box'),
  path: same('path'),
  polygon: same('polygon'),
  circle: same('circle'),
  pg_lsn: same('pg_lsn'),
  oid: byText('bigint'),
  tsvector: byText('tsvector'),
  tsquery: byText('tsquery'),
  jsonpath: byText('jsonpath'),
  // Not every PostgreSQL is built with libxml, which its own xml type needs.
  xml: byText('text'),
  ...Object.fromEntries(
    ['int4', 'int8', 'num', 'ts', 'tstz', 'date'].flatMap((of) => [
      [`${of}range`, same(`${of}range`)],
      [`${of}multirange`, same(`${of}multirange`)],
    ]),
  ),
};

export function mapColumn(name: string, type: CatalogueType, nullable: boolean): SourceColumn {
  const mapped = type.element === null ? mapScalar(type) : mapArray(type.element);
  const column = { name, sourceType: type.shown, nullable };
  if (mapped !== null) return { ...column, mirrorType: mapped.type, binaryAsIs: mapped.binary };
  return { ...column, mirrorType: null, binaryAsIs: false, problem: problemOf(name, type) };
}

function mapScalar(type: Pick<CatalogueType, 'schema' | 'name' | 'kind'>): Mapped | null {
  if (type.kind === 'e') return same('text');
  if (type.schema !== 'pg_catalog') return null;
  return SCALARS[type.name] ?? null;
}

/** An array's bytes name its element's type, so they fit only an array of that very type. */
function mapArray(element: NonNullable<CatalogueType['element']>): Mapped | null {
  if (element.schema === 'pg_catalog' && element.name === 'varchar') {
    return { type: 'character varying[]', binary: !element.isDomain };
  }
  const scalar = mapScalar(element);
  if (scalar === null) return null;
  const renamed =
    element.kind === 'e' || element.isDomain || ['bpchar', 'name', 'bit'].includes(element.name);
  return { type: `${scalar.type}[]`, binary: scalar.binary && !renamed };
}

function problemOf(name: string, type: CatalogueType): string {
  const what = type.element ?? type;
  const column = `column ${JSON.stringify(name)} has type ${type.shown}`;
  if (what.schema === 'pg_catalog' && what.name === 'money') {
    return `${column}, whose text depends on the server's locale: read it as ${name}::numeric by \`read.sql\`, or leave it out of \`columns\``;
  }
  const kind =
    what.kind === 'c'
      ? 'a composite'
      : what.schema === 'pg_catalog'
        ? 'a type without a portable form'
        : `a type of ${what.schema}`;
  return `${column}, ${kind}, which the store cannot hold as it is: read it as ${name}::text by \`read.sql\`, or leave it out of \`columns\``;
}
