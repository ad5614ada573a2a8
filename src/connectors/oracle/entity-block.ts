/** The entry of a table or view in a configuration, as text to be pasted into `entities`. */
import { SyncError } from '../../domain/errors.ts';
import { whyNoColumn, whyNoIdentifier, whyNoSchema } from '../../domain/mirror-names.ts';
import {
  columnsNamed,
  fitsAsText,
  type RelationColumn,
  type RelationDescription,
} from './describe-relation.ts';

const MAX_NAME = 63;
const INDENT = '  ';

/**
 * @param key instead of the one that the dictionary knows.
 * @throws SyncError CONFIG_INVALID without a key, or for a key column that is not there.
 */
export function entityBlock(relation: RelationDescription, key: readonly string[] | null): string {
  const entity = plain(relation.name);
  const columns = relation.columns.some(({ problem }) => problem !== null) || hasClashes(relation);
  const { changedAt } = relation;
  const usable = changedAt.find(({ column }) =>
    relation.columns.some(({ name, mirrorType }) => name === column && mirrorType !== null),
  );
  const lines = [
    `${propertyName(entity)}: {`,
    ...(relation.comment === null ? [] : [`${INDENT}${comment(relation.comment)}`]),
    `${INDENT}read: { table: ${text(tableText(relation))} },`,
    `${INDENT}key: ${list(keyOf(relation, key))},`,
    usable === undefined
      ? `${INDENT}// No column that says when a row changed was found: changes wait for the next full run.`
      : `${INDENT}changedAt: ${text(usable.column)},${usable.isIndexed ? '' : ' // no index begins with it'}`,
    `${INDENT}mirror: ${text(mirrorName(relation))},`,
    ...(columns ? columnLines(relation.columns) : []),
    '},',
  ];
  return `${lines.join('\n')}\n`;
}

function keyOf(relation: RelationDescription, key: readonly string[] | null): readonly string[] {
  if (key !== null) return columnsNamed(relation, key);
  if (relation.key !== null) return relation.key;
  throw new SyncError('CONFIG_INVALID', {
    message: `${relation.schema}.${relation.name} has no primary key, nor a unique one without NULLs`,
    remedy: 'Say which columns identify a row: --key COLUMN[,COLUMN].',
  });
}

function hasClashes({ columns }: RelationDescription): boolean {
  return new Set(columns.map(({ name }) => name.toLowerCase())).size < columns.length;
}

function columnLines(columns: readonly RelationColumn[]): string[] {
  const taken = new Set<string>();
  const lines = columns.flatMap((column) => {
    const { name, sourceType, mirrorType, problem } = column;
    const why =
      problem === null ? [] : [`${INDENT.repeat(2)}${comment(`${name} ${sourceType}: ${problem}`)}`];
    if (mirrorType === null && !fitsAsText(column)) return why;
    const type = mirrorType === null ? `, type: 'text'` : '';
    const own = propertyName(freeName(name, taken));
    return [...why, `${INDENT.repeat(2)}${own}: { from: ${text(name)}${type} },`];
  });
  return [`${INDENT}columns: {`, ...lines, `${INDENT}},`];
}

/** A name that a mirror takes, and that no column before has. */
function freeName(name: string, taken: Set<string>): string {
  const lower = name.toLowerCase();
  const base = whyNoColumn(lower) === null ? lower : `source_${plain(lower)}`.slice(0, MAX_NAME);
  let free = base;
  for (let number = 2; taken.has(free); number++) free = `${base.slice(0, MAX_NAME - 4)}_${number}`;
  taken.add(free);
  return free;
}

function mirrorName({ schema, name }: RelationDescription): string {
  const ofSchema = plain(schema);
  const ofTable = plain(name);
  return `${whyNoSchema(ofSchema) === null ? ofSchema : `source_${ofSchema}`.slice(0, MAX_NAME)}.${whyNoIdentifier(ofTable) === null ? ofTable : 'rows'}`;
}

/** Letters, digits and underscores. */
function plain(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9_]/g, '_')
    .slice(0, MAX_NAME);
}

/** As `read.table` reads it back. */
function tableText({ schema, name }: RelationDescription): string {
  const quoted = (part: string) => (/^[A-Z][A-Z0-9_$#]*$/.test(part) ? part : `"${part}"`);
  return `${quoted(schema)}.${quoted(name)}`;
}

function list(names: readonly string[]): string {
  const [only, ...others] = names;
  return only !== undefined && others.length === 0 ? text(only) : `[${names.map(text).join(', ')}]`;
}

function text(value: string): string {
  return `'${value.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n')}'`;
}

function propertyName(name: string): string {
  return /^[a-zA-Z_$][\w$]*$/.test(name) ? name : text(name);
}

/** What stands in the dictionary may hold line breaks. */
function comment(value: string): string {
  return `// ${value.replace(/\s+/g, ' ').trim()}`;
}
