/** An entity's columns, size and order as the source has them now. */
import oracledb from 'oracledb';
import type { EntitySpec, SourceColumn } from '../../domain/entity.ts';
import { SyncError } from '../../domain/errors.ts';
import type { SourceShape } from '../../domain/source-shape.ts';
import { advise } from './advice.ts';
import { captureState } from './captured.ts';
import { chunksByRowid } from './chunking.ts';
import { columnType, type DescribedColumn, type Kind, mapColumn } from './column-types.ts';
import { readIndexes, readIntervalDigits, readTable, type TableFacts, tryRows } from './dictionary.ts';
import { oracleNumber } from './error-table.ts';
import { estimate } from './estimate.ts';
import { characterSet, UTF8_CHARACTERS } from './identity.ts';
import { mayHideRows, readPolicies } from './policies.ts';
import { fromClause, quoteName, whereClause } from './relation.ts';
import { asText, inSession, type OracleSource, type Session } from './session.ts';
import { currentScn, isNotGranted } from './snapshot.ts';

export async function describe(
  source: OracleSource,
  spec: EntitySpec,
  signal: AbortSignal,
): Promise<SourceShape> {
  return inSession(source, { signal }, async (session) => {
    const table = await readTable(session, spec.read);
    const columns = await readColumns(session, spec, table);
    const keys = columns.filter(({ name }) => isNamed(spec.key, name));
    refuseKeys(spec, keys);
    const indexes = table === null ? null : await readIndexes(session, table);
    const size = await estimate(session, spec, table);
    const capture = await captureState(session, spec, {
      table,
      keys: inKeyOrder(spec, keys).map(({ name }) => name),
      source,
    });
    const byRowid = chunksByRowid({ table, indexes, keys: inKeyOrder(spec, keys) });
    return {
      columns,
      estimatedRows: size.rows,
      estimatedRowBytes: size.rowBytes,
      keyOrder: !byRowid && (await isInByteOrder(session, spec, keys)) ? 'bytes' : 'unproved',
      seesAllRows: !mayHideRows(await readPolicies(session), { spec, table, objects: size.objects }),
      ...(capture !== null && { capture }),
      advice: advise({
        spec,
        columns,
        table,
        indexes,
        estimate: size,
        mayLookBack: table === null || (await mayLookBack(source, session, spec)),
        user: source.options.user,
      }),
    };
  });
}

export async function readColumns(
  session: Session,
  spec: Pick<EntitySpec, 'entity' | 'read'>,
  table: TableFacts | null,
): Promise<SourceColumn[]> {
  const select = `SELECT * ${fromClause(spec.read)} ${whereClause(spec, ['1 = 0'])}`;
  const options = { outFormat: oracledb.OUT_FORMAT_ARRAY, fetchTypeHandler: asText };
  const { metaData = [] } = await session
    .call((connection) => connection.execute(select, {}, options))
    .catch((error: unknown) => {
      throw namedTwice(spec, error) ?? error;
    });
  const described = metaData.map((column) => describedColumn(column, spec));
  if (table === null || !described.some(({ typeName }) => typeName === 'INTERVAL DAY TO SECOND'))
    return described.map(mapColumn);
  const digits = await readIntervalDigits(session, table);
  return described.map((column) =>
    mapColumn({ ...column, precision: digits.get(column.name) ?? column.precision }),
  );
}

function describedColumn(
  column: oracledb.Metadata<unknown>,
  { read }: Pick<EntitySpec, 'read'>,
): DescribedColumn {
  const { name, dbType, dbTypeName = '', precision, scale, byteSize, nullable } = column;
  return {
    name,
    typeName: dbType === oracledb.DB_TYPE_XMLTYPE ? 'XMLTYPE' : dbTypeName,
    isObject: dbType === oracledb.DB_TYPE_OBJECT,
    precision: precision ?? null,
    scale: scale ?? null,
    bytes: byteSize ?? null,
    // NOT NULL holds for a table's own columns only: a join may take it away.
    nullable: read.kind === 'sql' || nullable !== false,
  };
}

const AMBIGUOUS_COLUMN = 918;

function namedTwice(spec: Pick<EntitySpec, 'entity' | 'read'>, error: unknown): SyncError | null {
  if (spec.read.kind === 'table' || oracleNumber(error)?.number !== AMBIGUOUS_COLUMN) return null;
  return new SyncError('CONFIG_INVALID', {
    message: `Entity ${spec.entity}: \`read.sql\` gives two columns of one name; name each by AS`,
    cause: error,
  });
}

/** Values that Oracle does not compare. */
const NO_KEYS: readonly (Kind | null)[] = ['clob', 'blob', 'json', 'xml'];

function refuseKeys(spec: EntitySpec, keys: readonly SourceColumn[]): void {
  const unfit = keys.find(({ sourceType }) => NO_KEYS.includes(columnType(sourceType).kind));
  if (unfit === undefined) return;
  throw new SyncError('CONFIG_INVALID', {
    message: `Entity ${spec.entity}: key column ${unfit.name} is ${unfit.sourceType}, which Oracle cannot order`,
  });
}

function inKeyOrder(spec: EntitySpec, keys: readonly SourceColumn[]): SourceColumn[] {
  return spec.key.flatMap((name) => keys.find((column) => isNamed([name], column.name)) ?? []);
}

/** The configuration may spell names in another case than the source. */
function isNamed(names: readonly string[], name: string): boolean {
  return names.some((candidate) => candidate.toLowerCase() === name.toLowerCase());
}

/** C5: numbers and times have one order everywhere; text only where its bytes are UTF-8 and nothing is padded. */
async function isInByteOrder(
  session: Session,
  spec: EntitySpec,
  keys: readonly SourceColumn[],
): Promise<boolean> {
  const types = keys.map(({ sourceType }) => columnType(sourceType));
  if (types.some(({ kind, national }) => kind === 'char' || kind === 'rowid' || national)) return false;
  const texts = keys.filter((_, i) => types[i]?.kind === 'text');
  if (texts.length === 0) return true;
  return (await characterSet(session)) === UTF8_CHARACTERS && (await isBinaryOrder(session, spec, texts));
}

/** A column may have a collation of its own; servers before 12.2 have neither such columns nor the function. */
async function isBinaryOrder(
  session: Session,
  spec: EntitySpec,
  keys: readonly SourceColumn[],
): Promise<boolean> {
  const names = keys.map(({ name }) => quoteName(name));
  const rows = await tryRows(
    session,
    `SELECT ${names.map((name, i) => `COLLATION(${name}) AS c${i}`).join(', ')}
       FROM (SELECT ${names.map((name) => `MAX(${name}) AS ${name}`).join(', ')}
               ${fromClause(spec.read)} WHERE 1 = 0) keys`,
  );
  if (rows === null) return true;
  return Object.values(rows[0] ?? {}).every((name) => name === 'USING_NLS_COMP' || name === 'BINARY');
}

async function mayLookBack(source: OracleSource, session: Session, spec: EntitySpec): Promise<boolean> {
  const scn = await currentScn(source, session);
  if (scn === null) return true;
  try {
    await session.query(`SELECT 1 AS one ${fromClause(spec.read, ` AS OF SCN ${scn}`)} WHERE 1 = 0`);
    return true;
  } catch (error) {
    if (isNotGranted(error)) return false;
    throw error;
  }
}
