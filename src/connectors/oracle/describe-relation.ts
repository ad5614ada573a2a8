/** One table or view as an entity would see it: columns with their mirror types, keys, and what `plan` would refuse. */
import type { SourceColumn } from '../../domain/entity.ts';
import { SyncError } from '../../domain/errors.ts';
import { whyNoColumn } from '../../domain/mirror-names.ts';
import { canBeKey } from '../../domain/types.ts';
import { columnType } from './column-types.ts';
import { readColumns } from './describe.ts';
import { currentSchema, readTable, tryRows } from './dictionary.ts';
import { parseTable } from './relation.ts';
import { type Relation, readRelations } from './relations.ts';
import type { Session } from './session.ts';

export type RelationColumn = Pick<SourceColumn, 'name' | 'sourceType' | 'mirrorType' | 'nullable'> & {
  readonly comment: string | null;
  /** Why it cannot be mirrored as it is, and what to do. */
  readonly problem: string | null;
};

export type Reference = { readonly columns: readonly string[]; readonly to: string };

export type RelationDescription = Relation & {
  readonly columns: readonly RelationColumn[];
  /** Foreign keys. */
  readonly references: readonly Reference[];
  /** What is wrong with it as a whole. */
  readonly problems: readonly string[];
};

/** @param text as `read.table` has it. @throws SyncError SOURCE_QUERY where there is none, or none that may be read. */
export async function describeRelation(session: Session, text: string): Promise<RelationDescription> {
  const read = { kind: 'table', table: text } as const;
  const wanted = parseTable(text);
  const table = await readTable(session, read);
  const columns = await readColumns(session, { entity: text, read }, table);
  const schema = table?.owner ?? wanted.schema ?? (await currentSchema(session));
  const name = table?.name ?? wanted.table;
  const [found] = await readRelations(session, { schema, name: { exactly: name } });
  // A synonym of a view, or of something behind a database link: it can be read, and that is all that is known.
  const relation: Relation = found ?? {
    schema,
    name,
    kind: 'view',
    estimatedRows: null,
    key: null,
    changedAt: [],
    comment: null,
  };
  const comments = await readComments(session, relation);
  const described = columns.map((column) => describeColumn(column, comments.get(column.name) ?? null));
  return {
    ...relation,
    changedAt: relation.changedAt.filter(({ column }) => columns.some((each) => each.name === column)),
    columns: described,
    references: await readReferences(session, relation),
    problems: [...keyProblems(relation, columns), ...clashes(columns)],
  };
}

function describeColumn(column: SourceColumn, comment: string | null): RelationColumn {
  const { name, sourceType, mirrorType, nullable, problem } = column;
  const misnamed = whyNoColumn(name.toLowerCase());
  return {
    name,
    sourceType,
    mirrorType,
    nullable,
    comment,
    problem: problem ?? (misnamed === null ? null : `${misnamed}: give it another name in \`columns\``),
  };
}

function keyProblems({ key }: Relation, columns: readonly SourceColumn[]): string[] {
  if (key === null)
    return [
      'it has no primary key, nor a unique one without NULLs: name columns that identify a row as `key`',
    ];
  const unfit = columns.filter(({ name, mirrorType }) => key.includes(name) && !canBeKey(mirrorType ?? ''));
  return unfit.map(
    ({ name, sourceType }) =>
      `its key column ${name} is ${sourceType}, which cannot be a key: name others as \`key\``,
  );
}

function clashes(columns: readonly SourceColumn[]): string[] {
  const names = columns.map(({ name }) => name.toLowerCase());
  const twice = new Set(names.filter((name, at) => names.indexOf(name) !== at));
  return [...twice].map(
    (name) => `several columns would be ${name} in the mirror: give them other names in \`columns\``,
  );
}

async function readComments(
  session: Session,
  { schema, name }: Relation,
): Promise<ReadonlyMap<string, string>> {
  const rows = await tryRows<{ COLUMN_NAME: string; COMMENTS: string }>(
    session,
    `SELECT column_name, comments FROM all_col_comments
      WHERE owner = :owner AND table_name = :name AND comments IS NOT NULL`,
    { owner: schema, name },
  );
  return new Map((rows ?? []).map((row) => [row.COLUMN_NAME, row.COMMENTS]));
}

type ReferenceRow = { CONSTRAINT_NAME: string; COLUMN_NAME: string; TO_OWNER: string; TO_TABLE: string };

async function readReferences(session: Session, { schema, name }: Relation): Promise<Reference[]> {
  const rows = await tryRows<ReferenceRow>(
    session,
    `SELECT c.constraint_name, k.column_name, t.owner AS to_owner, t.table_name AS to_table
       FROM all_constraints c
       JOIN all_cons_columns k ON k.owner = c.owner AND k.constraint_name = c.constraint_name AND k.table_name = c.table_name
       JOIN all_constraints t ON t.owner = c.r_owner AND t.constraint_name = c.r_constraint_name
      WHERE c.owner = :owner AND c.table_name = :name AND c.constraint_type = 'R'
      ORDER BY c.constraint_name, k.position`,
    { owner: schema, name },
  );
  const references = new Map<string, { columns: string[]; to: string }>();
  for (const row of rows ?? []) {
    const known = references.get(row.CONSTRAINT_NAME);
    if (known !== undefined) known.columns.push(row.COLUMN_NAME);
    else
      references.set(row.CONSTRAINT_NAME, {
        columns: [row.COLUMN_NAME],
        to: `${row.TO_OWNER}.${row.TO_TABLE}`,
      });
  }
  return [...references.values()];
}

/** Types whose values no mirror type holds, but text does. */
export function fitsAsText({ sourceType }: Pick<RelationColumn, 'sourceType'>): boolean {
  const { kind } = columnType(sourceType);
  return kind === 'timestamp' || kind === 'zoned' || kind === 'localZoned' || kind === 'daySecond';
}

/** @throws SyncError CONFIG_INVALID for a column that is not there. */
export function columnsNamed(
  { schema, name, columns }: RelationDescription,
  names: readonly string[],
): string[] {
  return names.map((wanted) => {
    const column =
      columns.find((each) => each.name === wanted) ??
      columns.find((each) => each.name === wanted.toUpperCase());
    if (column !== undefined) return column.name;
    throw new SyncError('CONFIG_INVALID', {
      message: `${schema}.${name} has no column ${wanted}`,
      remedy: `Name one of ${columns.map((each) => each.name).join(', ')}.`,
    });
  });
}
