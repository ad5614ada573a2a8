import type { Expression, TableReference } from '../ast.ts';
import { failure } from '../errors.ts';
import { flatReferences, quoted, type Renderer, referenceName } from './renderer.ts';
import { textOf } from './values.ts';

/**
 * ROWID: of a stored table it is its place (ctid), compared as such, so that ranges of ROWIDs read ranges of the table;
 * of a subquery it is a column of that name.
 */

type Rowid = Extract<Expression, { kind: 'rowid' }>;

/** The table whose ROWID is meant, from the innermost query outwards. @throws OraError 904, 918 */
function referenceOf(r: Renderer, value: Rowid): TableReference {
  for (const scope of [...r.scopes].reverse()) {
    const references = flatReferences(scope.from);
    if (value.table === null) {
      if (references.length > 1) throw failure(918, value.offset);
      if (references[0] !== undefined) return references[0];
    }
    const found = references.find((each) => referenceName(each) === value.table);
    if (found !== undefined) return found;
  }
  const name = value.table === null ? '"ROWID"' : `"${value.table}"."ROWID"`;
  throw failure(904, value.offset, name);
}

function isStored(r: Renderer, reference: TableReference): boolean {
  if (reference.kind !== 'table') return false;
  return reference.table.schema !== null || !r.commonTables.has(reference.table.name);
}

function prefixOf(reference: TableReference): string {
  const name = referenceName(reference);
  return name === null ? '' : `${quoted(name)}.`;
}

/** As a value: 18 characters. */
export function rowidText(r: Renderer, value: Rowid): string {
  const reference = referenceOf(r, value);
  const prefix = prefixOf(reference);
  return isStored(r, reference) ? `oracle.rowid_of(${prefix}tableoid, ${prefix}ctid)` : `${prefix}"ROWID"`;
}

/** The place of a stored table's row; null when the expression is no ROWID of one. */
export function placeText(r: Renderer, value: Expression): string | null {
  if (value.kind !== 'rowid') return null;
  const reference = referenceOf(r, value);
  return isStored(r, reference) ? `${prefixOf(reference)}ctid` : null;
}

/** What a place is compared with. */
export function placeOf(r: Renderer, value: Expression): string {
  const place = placeText(r, value);
  if (place !== null) return place;
  if (value.kind === 'null') return 'NULL::tid';
  const converted =
    value.kind === 'call' && value.path.join('.') === 'CHARTOROWID' ? value.args[0]?.value : undefined;
  if (converted !== undefined) return `oracle.rowid_ctid(${textOf(r, converted)})`;
  if (value.kind === 'text' || value.kind === 'bind') return `oracle.rowid_ctid(${textAs(r, value)})`;
  return `oracle.rowid_ctid((${r.grammar.expression(r, value)})::text)`;
}

/** ROWIDs travel as text, whatever the client bound them as. */
function textAs(r: Renderer, value: Expression): string {
  if (value.kind !== 'bind') return textOf(r, value);
  return `$${r.params.push(value.index)}::text`;
}
