/**
 * COPY of a piece into staging. When it fails by the data, the bad rows are found and set aside: a piece of text by
 * one pass of pg_input_is_valid, what that cannot see by halving the piece.
 */
import type { Reject, ShapedPiece } from '../domain/entity.ts';
import { quoteIdent } from '../pg/identifiers.ts';
import { copyIn } from './copy-in.ts';
import { bindLiteral } from './mirror-target.ts';
import { readLine, splitFields, splitRows } from './piece-rows.ts';
import { inSavepoint, isRowError, rejectOf } from './poison.ts';
import { copiedNames, createOnce, type Staged, type Staging } from './staging.ts';

type Stage = Staged & { readonly format: ShapedPiece['format'] };

/** @returns the rows that PostgreSQL cannot read; all others are in staging. */
export async function stagePiece(staged: Staged, piece: ShapedPiece): Promise<Reject[]> {
  if (piece.rowsInData === 0) return [];
  const stage: Stage = { ...staged, format: piece.format };
  if (await copies(stage, [piece.data])) return [];
  const rows = splitRows(piece);
  if (piece.format === 'pg-binary') return copyHalves(stage, rows);
  const { good, rejects } = await sortOut(stage, rows);
  return [...rejects, ...(await copyHalves(stage, good))];
}

/** false: a row among them is bad, and none of them is there. */
async function copies(stage: Stage, parts: readonly Uint8Array[]): Promise<boolean> {
  const { session, staging, format } = stage;
  const { client, progress } = session;
  try {
    const into = `${staging.table} (${copiedNames(staging)})`;
    await inSavepoint(session, () => copyIn(client, into, { format, parts, progress }));
    return true;
  } catch (error) {
    if (isRowError(error)) return false;
    throw error;
  }
}

async function copyHalves(stage: Stage, rows: readonly Buffer[]): Promise<Reject[]> {
  if (rows.length === 0 || (await copies(stage, [Buffer.concat(rows)]))) return [];
  if (rows.length === 1) return [await judgeRow(stage, rows[0] as Buffer)];
  const middle = rows.length >> 1;
  const first = await copyHalves(stage, rows.slice(0, middle));
  return [...first, ...(await copyHalves(stage, rows.slice(middle)))];
}

/** One pass over the piece as text: which lines hold a value that its type refuses. */
async function sortOut(
  stage: Stage,
  lines: readonly Buffer[],
): Promise<{ good: Buffer[]; rejects: Reject[] }> {
  const { session, plan, staging } = stage;
  const { client, progress } = session;
  const table = `${staging.table.replace('pg_temp.', '')}_text`;
  const names = staging.copied.map(({ name }) => quoteIdent(name));
  await createOnce(client, table, ['syncline_line int', ...names.map((name) => `${name} text`)].join(', '));
  const numbered = lines.map((line, i) => Buffer.concat([Buffer.from(`${i}\t`), line]));
  const into = `pg_temp.${table} (syncline_line, ${names.join(', ')})`;
  await copyIn(client, into, { format: 'text', parts: [Buffer.concat(numbered)], progress });
  const verdicts = staging.copied.map(
    ({ name, type }, i) =>
      `CASE WHEN NOT pg_input_is_valid(${names[i]}, ${bindLiteral(type)}) THEN ${bindLiteral(name)} END`,
  );
  const { rows } = await client.query<{ line: number; bad: string[] }>(
    `SELECT syncline_line AS line, judged.bad FROM pg_temp.${table}, LATERAL (SELECT array_remove(ARRAY[${verdicts.join(', ')}], NULL) AS bad) AS judged
      WHERE cardinality(judged.bad) > 0`,
  );
  const bad = new Map(rows.map((row) => [row.line, row.bad]));
  const rejects = [...bad].map(([line, columns]) =>
    rejectOf(plan, namedTexts(staging, lines[line] as Buffer), invalid(staging, columns)),
  );
  return { good: lines.filter((_, i) => !bad.has(i)), rejects };
}

function namedTexts(staging: Staging, line: Buffer): Map<string, string | null> {
  const texts = readLine(line);
  return new Map(staging.copied.map(({ name }, i) => [name, texts[i] ?? null]));
}

function invalid(staging: Staging, columns: readonly string[]): { reason: 'INVALID_VALUE'; detail: string } {
  const said = columns.map(
    (column) => `${column} is no ${staging.copied.find(({ name }) => name === column)?.type}`,
  );
  return { reason: 'INVALID_VALUE', detail: `${said.join(', ')}.` };
}

/** A single row that COPY refuses: its fields are tried one by one, so that the reject can name the bad ones. */
async function judgeRow(stage: Stage, row: Buffer): Promise<Reject> {
  const { plan, staging, format } = stage;
  if (format === 'text') {
    const detail = 'PostgreSQL refuses a value of the row.';
    return rejectOf(plan, namedTexts(staging, row), { reason: 'INVALID_VALUE', detail });
  }
  const texts = new Map<string, string | null>();
  const bad: string[] = [];
  for (const [i, field] of splitFields(row).entries()) {
    const name = staging.copied[i]?.name as string;
    const text = await readField(stage, name, field.tuple);
    if (text === undefined) bad.push(name);
    // The key of a row is what its type says it is: bytes that the type refuses name no row.
    const raw = plan.keyColumns.includes(name) ? null : (field.bytes?.toString('utf8') ?? null);
    texts.set(name, text === undefined ? raw : text);
  }
  return rejectOf(plan, texts, invalid(staging, bad));
}

/** @returns the value as text, undefined when its type refuses the bytes. */
async function readField(stage: Stage, name: string, tuple: Buffer): Promise<string | null | undefined> {
  const { session, staging } = stage;
  const { client, progress } = session;
  const probe = `${staging.table.replace('pg_temp.', '')}_probe`;
  const column = quoteIdent(name);
  await createOnce(
    client,
    probe,
    staging.copied.map((each) => `${quoteIdent(each.name)} ${each.type}`).join(', '),
  );
  try {
    return await inSavepoint(session, async () => {
      await copyIn(client, `pg_temp.${probe} (${column})`, { format: 'pg-binary', parts: [tuple], progress });
      const { rows } = await client.query<{ text: string | null }>(
        `DELETE FROM pg_temp.${probe} RETURNING ${column}::text AS text`,
      );
      return rows[0]?.text ?? null;
    });
  } catch (error) {
    if (isRowError(error)) return undefined;
    throw error;
  }
}
