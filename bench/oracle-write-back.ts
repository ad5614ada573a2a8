/**
 * Write-back of updates to the Oracle simulator in batches, each mutation with its ledger row, the lock, the comparison
 * with its base and the row as it is then, against the driver's array DML of as many updates, which does none of that.
 */
import oracledb from 'oracledb';
import { LEDGER_DDL } from '../src/connectors/oracle/ledger.ts';
import { openWriteTarget } from '../src/connectors/registry.ts';
import type { Mutation, WriteTarget } from '../src/connectors/write-contract.ts';
import type { SourceSettings } from '../src/domain/config.ts';

/** Of one measurement of either side, in batches. */
const ROWS = 2_000;

const ENTITIES = { sales: { entity: 'sales', table: 'BENCH.SALES', key: ['ID'] } };

const BATCH_ROWS = [50, 200, 1_000] as const;

/** Seconds of writing so many rows, by round. */
export type Measured = {
  readonly batchRows: number;
  readonly rows: number;
  readonly bare: readonly number[];
  readonly ours: readonly number[];
};

type Sale = { id: string; amount: string; type: string };

/** Both sides in turn, each on rows of its own of SALES, which must hold 4,000. The first round warms both up. */
export async function measureBatches(
  connection: oracledb.Connection,
  settings: SourceSettings,
  rounds: number,
): Promise<Measured[]> {
  for (const statement of LEDGER_DDL) await connection.execute(statement);
  const target = openWriteTarget(settings, { applicationName: 'syncline/bench' });
  try {
    const sales = await firstSales(connection);
    const sides = { bare: sales.slice(0, ROWS), ours: sales.slice(ROWS) };
    const measured: Measured[] = [];
    for (const batchRows of BATCH_ROWS) {
      const [bare, ours]: [number[], number[]] = [[], []];
      for (let round = 0; round <= rounds; round++) {
        const ledger = `bench/${batchRows}/${round}`;
        const seconds = [
          await timed(sides.bare, batchRows, (batch) => updateBare(connection, batch)),
          await timed(sides.ours, batchRows, (batch) => writeBack(target, batch, ledger)),
        ] as const;
        if (round === 0) continue;
        bare.push(seconds[0]);
        ours.push(seconds[1]);
      }
      measured.push({ batchRows, rows: ROWS, bare, ours });
    }
    return measured;
  } finally {
    await target.close();
  }
}

async function writeBack(target: WriteTarget, batch: readonly Change[], ledger: string): Promise<void> {
  const mutations = batch.map(({ before, after }) => mutationOf(before, after, ledger));
  const { signal } = new AbortController();
  const verdicts = await target.writeBatch(mutations, { entities: ENTITIES, signal });
  const other = verdicts.find(({ kind }) => kind !== 'applied');
  if (other !== undefined) throw new Error(`A change was not applied: ${JSON.stringify(other)}`);
}

type Change = { readonly before: Sale; readonly after: Sale };

/** Changes two columns of all rows. @returns seconds of the writing alone */
async function timed(
  sales: Sale[],
  batchRows: number,
  write: (batch: readonly Change[]) => Promise<void>,
): Promise<number> {
  let ms = 0;
  for (let from = 0; from < sales.length; from += batchRows) {
    const batch = sales.slice(from, from + batchRows).map((before) => ({ before, after: changed(before) }));
    const startedAt = performance.now();
    await write(batch);
    ms += performance.now() - startedAt;
    sales.splice(from, batch.length, ...batch.map(({ after }) => after));
  }
  return ms / 1_000;
}

function changed({ id, amount, type }: Sale): Sale {
  const cents = Math.round(Number(amount) * 100) + 1;
  return { id, amount: (cents / 100).toFixed(2), type: type === 'sale' ? 'return' : 'sale' };
}

function mutationOf(before: Sale, after: Sale, ledger: string): Mutation {
  return {
    ledgerKey: `${ledger}/${before.id}`,
    entity: 'sales',
    operation: 'update',
    key: before.id,
    values: { AMOUNT: after.amount, TYPE: after.type },
    base: { AMOUNT: before.amount, TYPE: before.type },
    origin: null,
  };
}

async function updateBare(connection: oracledb.Connection, batch: readonly Change[]): Promise<void> {
  await connection.executeMany(
    'UPDATE sales SET amount = TO_NUMBER(:amount), type = :type WHERE id = TO_NUMBER(:id)',
    batch.map(({ after }) => after),
    {
      autoCommit: true,
      bindDefs: {
        amount: { type: oracledb.DB_TYPE_VARCHAR, maxSize: 20 },
        type: { type: oracledb.DB_TYPE_VARCHAR, maxSize: 10 },
        id: { type: oracledb.DB_TYPE_VARCHAR, maxSize: 20 },
      },
    },
  );
}

async function firstSales(connection: oracledb.Connection): Promise<Sale[]> {
  const { rows = [] } = await connection.execute<[string, string, string]>(
    `SELECT TO_CHAR(id), TO_CHAR(amount), type FROM sales ORDER BY id FETCH FIRST ${2 * ROWS} ROWS ONLY`,
    [],
    { outFormat: oracledb.OUT_FORMAT_ARRAY },
  );
  if (rows.length < 2 * ROWS) throw new Error(`SALES holds ${rows.length} rows of the ${2 * ROWS} needed`);
  return rows.map(([id, amount, type]) => ({ id, amount, type }));
}
