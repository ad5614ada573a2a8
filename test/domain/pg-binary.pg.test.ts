import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSink, sunkBytes } from '../../src/domain/byte-sink.ts';
import { AT_TRAILER, headerEnd, openTuples, scanTuple, tupleEnd } from '../../src/domain/pg-binary.ts';
import { decoderOf } from '../../src/domain/pg-binary-decode.ts';
import { parseTextRows, writeTextRow } from '../../src/domain/pg-text.ts';
import { freshDatabase, sourceServer } from '../support/servers.ts';
import { copyFrom, copyTo } from './copy-streams.ts';
import { TYPE_SAMPLES, type TypeSample } from './type-samples.ts';

const RANDOM_PER_TYPE = 1500;
const SETTINGS =
  '-c TimeZone=UTC -c DateStyle=ISO -c extra_float_digits=1 -c IntervalStyle=postgres -c bytea_output=hex';

let client: pg.Client;
let drop: () => Promise<void>;

beforeAll(async () => {
  const database = await freshDatabase(await sourceServer(), 'pg_binary');
  drop = database.drop;
  client = new pg.Client({ connectionString: database.url, options: SETTINGS });
  await client.connect();
});

afterAll(async () => {
  await client?.end();
  await drop?.();
});

/** Loads the texts and reads them back in both formats of COPY, in the same order. */
async function bothForms({
  type,
  extremes,
  random,
}: TypeSample): Promise<{ binary: Buffer; texts: (string | null)[] }> {
  const values = [...extremes, ...fc.sample(random, RANDOM_PER_TYPE)];
  const sink = createSink(0);
  for (const [i, value] of values.entries()) writeTextRow(sink, [String(i), value]);
  await client.query(`DROP TABLE IF EXISTS sample; CREATE TABLE sample (id int, value ${type})`);
  await copyFrom(client, 'COPY sample FROM STDIN', [sunkBytes(sink)]);
  await client.query('INSERT INTO sample VALUES (1000000, NULL)');
  const query = (column: string): string => `(SELECT ${column} FROM sample ORDER BY id)`;
  const binary = await copyTo(client, `COPY ${query('value')} TO STDOUT (FORMAT binary)`);
  const text = await copyTo(client, `COPY ${query('value')} TO STDOUT`);
  return { binary, texts: parseTextRows(text).map(([value]) => value as string | null) };
}

test.each(TYPE_SAMPLES)('$type: the text is the one that PostgreSQL prints', async (sample) => {
  const decoder = decoderOf(sample.type);
  if (decoder === null) throw new Error(`no decoder of ${sample.type}`);
  const { binary, texts } = await bothForms(sample);
  expect(texts.length).toBe(RANDOM_PER_TYPE + sample.extremes.length + 1);
  for (const use of ['fields', 'all'] as const) {
    const tuples = openTuples(binary, 1, use);
    let at = headerEnd(binary);
    for (const text of texts) {
      expect(tupleEnd(binary, at)).toBeGreaterThan(at);
      at = scanTuple(tuples, at);
      const [start, end] = [tuples.starts[0] as number, tuples.ends[0] as number];
      const decoded = end < 0 ? null : decoder.text(tuples, start, end);
      if (decoded !== plain(sample.type, text)) expect(decoded).toBe(plain(sample.type, text));
      const seen = end < 0 ? null : decoder.seen(tuples, start, end);
      expect(seen).toEqual(seenOf(sample.type, text));
    }
    expect(tupleEnd(binary, at)).toBe(AT_TRAILER);
  }
});

function plain(type: string, text: string | null): string | null {
  if (type !== 'boolean' || text === null) return text;
  return text === 't' ? 'true' : 'false';
}

function seenOf(type: string, text: string | null): unknown {
  if (text === null) return null;
  if (type === 'boolean') return text === 't';
  return /^(smallint|integer|real|double precision)$/.test(type) ? Number(text) : text;
}
