/**
 * What shaping costs a row, in nanoseconds: `npx tsx bench/shape.ts [part of a line's name]`. Sales of 7 columns and
 * about 110 bytes, medians of the rounds. Alone, a line is faster: V8 knows one entity only.
 */
import { z } from 'zod';
import { bindPlan } from '../src/domain/bind-plan.ts';
import type { ColumnSpec, EntityPlan, EntitySpec, Piece, PieceLayout } from '../src/domain/entity.ts';
import { tupleEnd } from '../src/domain/pg-binary.ts';
import type { Row } from '../src/domain/row.ts';
import { compileShape, pieceKeys } from '../src/domain/shape.ts';

const ROWS = 50_000;
const ROUNDS = 7;

const SOURCE = {
  id: 'bigint',
  pdv: 'text',
  operator: 'text',
  amount: 'numeric',
  sold_at: 'timestamp with time zone',
  type: 'text',
  reference: 'text',
};

const validate = z.object({
  id: z.string(),
  pdv: z.string().min(3),
  operator: z.string(),
  amount: z.string().regex(/^-?\d+(\.\d+)?$/),
  sold_at: z.string(),
  type: z.enum(['sale', 'refund', 'correction']),
  reference: z.string().nullable(),
});

const columns: ColumnSpec[] = [
  ...Object.keys(SOURCE).map((name): ColumnSpec => ({ role: 'from', name, from: name })),
  {
    role: 'compute',
    name: 'label',
    type: 'text',
    compute: (row: Row) => `${row.pdv}/${row.operator}`,
  },
];

function planOf(over: Partial<EntitySpec>): EntityPlan {
  const spec: EntitySpec = {
    entity: 'sales',
    pipeline: 'pos',
    source: 'shop',
    read: { kind: 'table', table: 'sales' },
    key: ['id'],
    changedAt: null,
    mirror: { schema: 'public', table: 'sales', shared: false },
    columns: null,
    localColumns: [],
    validate: null,
    deduplicate: null,
    softDelete: null,
    massDeleteGuardPercent: 20,
    maxQuarantined: null,
    chunkRows: 50_000,
    lanes: 1,
    maxValueBytes: 64 * 1024 * 1024,
    capture: false,
    schemaChanges: 'stop',
    upload: null,
    feed: null,
    ...over,
  };
  const described = Object.entries(SOURCE).map(([name, type]) => ({
    name,
    sourceType: type,
    mirrorType: type,
    nullable: true,
    binaryAsIs: true,
  }));
  return bindPlan(spec, { columns: described });
}

function field(bytes: Buffer | null): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes?.length ?? -1);
  return bytes === null ? length : Buffer.concat([length, bytes]);
}

function int8(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}

/** Of cents, as numeric with two digits behind the point. */
function numeric(cents: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeInt16BE(2, 0);
  bytes.writeInt16BE(2, 6);
  bytes.writeInt16BE(Math.floor(cents / 100), 8);
  bytes.writeInt16BE((cents % 100) * 100, 10);
  return bytes;
}

function binaryPiece(): Piece {
  const tuples = Array.from({ length: ROWS }, (_, i) => {
    const values = [
      int8(BigInt(i + 5_000_000)),
      Buffer.from(`PDV-${String(i % 400).padStart(4, '0')}`),
      Buffer.from(`operator-${i % 57}`),
      numeric(100 + ((i * 7919) % 900_000)),
      int8(BigInt(i) * 17_000_123n + 760_000_000_000_000n),
      Buffer.from(i % 20 === 0 ? 'refund' : 'sale'),
      i % 10 === 0 ? null : Buffer.from(`REF-${String(i * 31).padStart(12, '0')}`),
    ];
    return Buffer.concat([Buffer.from([0, values.length]), ...values.map(field)]);
  });
  return { format: 'pg-binary', data: Buffer.concat(tuples), rows: ROWS, position: '' };
}

function textPiece(): Piece {
  const values = Array.from({ length: ROWS }, (_, i) => [
    String(i + 5_000_000),
    `PDV-${String(i % 400).padStart(4, '0')}`,
    `operator-${i % 57}`,
    `${1 + (i % 9000)}.${String(i % 100).padStart(2, '0')}`,
    `2024-02-01 12:${String(i % 60).padStart(2, '0')}:00.123456+00`,
    i % 20 === 0 ? 'refund' : 'sale',
    i % 10 === 0 ? null : `REF-${String(i * 31).padStart(12, '0')}`,
  ]);
  return { format: 'rows', values, rows: ROWS, position: '' };
}

async function nsPerRow(work: () => unknown): Promise<string> {
  const times: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const start = process.hrtime.bigint();
    await work();
    // The first round compiles.
    if (round > 0) times.push(Number(process.hrtime.bigint() - start) / ROWS);
  }
  times.sort((a, b) => a - b);
  return (times[times.length >> 1] as number).toFixed(0).padStart(6);
}

const wanted = process.argv[2] ?? '';

async function line(name: string, work: () => unknown): Promise<void> {
  if (!name.includes(wanted)) return;
  process.stdout.write(`${await nsPerRow(work)} ns/row  ${name}\n`);
}

async function shapeLine(name: string, over: Partial<EntitySpec>, piece: Piece): Promise<void> {
  if (!name.includes(wanted)) return;
  const layout: PieceLayout = over.changedAt === undefined ? 'mirror' : 'staging';
  const shape = compileShape(planOf(over), layout);
  const { rejects } = await shape(piece);
  if (rejects.length > 0) throw new Error(`${name}: ${rejects[0]?.detail}`);
  await line(name, () => shape(piece));
}

const binary = binaryPiece();
const text = textPiece();
const changedAt = { columns: ['sold_at'], setBy: 'database' as const, overlapMs: 0 };
if (binary.format !== 'pg-binary') throw new Error('binary expected');
const { data } = binary;

await line('binary: ends of tuples', () => {
  for (let at = 0; at < data.length; ) at = tupleEnd(data, at);
});
await shapeLine('binary: passed on', {}, binary);
await shapeLine('binary: put together anew (staging, changedAt)', { changedAt }, binary);
await shapeLine('binary: a computed column', { columns }, binary);
await shapeLine('binary: zod', { validate }, binary);
await shapeLine('binary: zod, staging', { validate, changedAt }, binary);
await shapeLine('binary: zod and a computed column', { validate, columns }, binary);
await shapeLine('rows: passed on', {}, text);
await shapeLine('rows: zod', { validate }, text);
await line('binary: keys', () => pieceKeys(planOf({}), binary));
const sample = {
  id: '5000000',
  pdv: 'PDV-0001',
  operator: 'operator-1',
  amount: '12.50',
  sold_at: '2024-02-01 12:00:00+00',
  type: 'sale',
  reference: 'REF-000000000031',
};
await line('zod alone', () => {
  for (let i = 0; i < ROWS; i++) validate['~standard'].validate({ ...sample });
});
