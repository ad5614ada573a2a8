/**
 * The demo's source: a point of sale and an HR system, generated in the database from row numbers alone, so that
 * every run of the demo sees the same rows. `h(n, salt)` is a hash of the row number that stands in for chance.
 */
import type pg from 'pg';

export const SALES = 200_000;
export const EMPLOYEES = 4_000;
const DEPARTMENTS = 40;

export async function createSource(db: pg.Pool): Promise<void> {
  await db.query(`
    CREATE SCHEMA pos;
    CREATE SCHEMA hr;
    CREATE FUNCTION pos.h(n bigint, salt int) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
      $$ SELECT (hashint8extended(n, salt) & 2147483647)::int $$;

    CREATE TABLE pos.sales (
      id bigint PRIMARY KEY,
      pdv integer NOT NULL,
      operator text NOT NULL,
      amount numeric(12, 2) NOT NULL,
      sold_at timestamptz NOT NULL,
      type text NOT NULL,
      reference text,
      updated_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE TABLE hr.departments (
      department_id integer PRIMARY KEY,
      name text NOT NULL,
      cost_centre char(6) NOT NULL,
      updated_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE TABLE hr.employees (
      employee_id integer PRIMARY KEY,
      department_id integer NOT NULL REFERENCES hr.departments,
      first_name text NOT NULL,
      last_name text NOT NULL,
      email text NOT NULL,
      hired_on date NOT NULL,
      salary numeric(12, 2) NOT NULL,
      active boolean NOT NULL,
      updated_at timestamptz NOT NULL DEFAULT now()
    );`);
  await insertSales(db, { from: 1, to: SALES });
  await db.query(
    `INSERT INTO hr.departments (department_id, name, cost_centre, updated_at)
     SELECT n, (ARRAY['Sales', 'Logistics', 'Finance', 'Support', 'Purchasing', 'Stores', 'IT', 'Legal'])[1 + n % 8]
              || ' ' || (ARRAY['North', 'South', 'East', 'West', 'Centre'])[1 + n / 8 % 5],
            'K' || lpad(n::text, 5, '0'), timestamptz '2026-01-05 08:00Z' + n * interval '1 hour'
       FROM generate_series(1, $1::int) AS n`,
    [DEPARTMENTS],
  );
  await db.query(
    `INSERT INTO hr.employees
     SELECT n, 1 + pos.h(n, 1) % $2, first_name, last_name,
            lower(first_name || '.' || last_name || n) || '@example.com',
            date '2005-01-03' + pos.h(n, 2) % 7600, 2400 + pos.h(n, 3) % 560000 / 100.0, pos.h(n, 4) % 20 > 0,
            timestamptz '2026-01-05 08:00Z' + pos.h(n, 5) % 20000000 * interval '1 second'
       FROM generate_series(1, $1::int) AS n,
            LATERAL (SELECT (ARRAY['Ana','Bruno','Carla','Davi','Élise','Felipe','Grazyna','Hugo','İlkay','João','Karin','Łukasz'])
                              [1 + pos.h(n, 6) % 12] AS first_name,
                            (ARRAY['Almeida','Becker','Costa','Dubois','Esposito','Fischer','Gómez','Hansen','Ivanova','Jansen'])
                              [1 + pos.h(n, 7) % 10] AS last_name) AS name`,
    [EMPLOYEES, DEPARTMENTS],
  );
  await db.query(`
    CREATE INDEX ON pos.sales (updated_at, id);
    CREATE INDEX ON hr.departments (updated_at, department_id);
    CREATE INDEX ON hr.employees (updated_at, employee_id);`);
  for (const table of ['pos.sales', 'hr.departments', 'hr.employees']) await db.query(`ANALYZE ${table}`);
}

/** Every 500th sale repeats the one before it within a minute: a till that was pressed twice. */
async function insertSales(db: pg.Pool, range: { from: number; to: number }): Promise<void> {
  await db.query(
    `INSERT INTO pos.sales (id, pdv, operator, amount, sold_at, type, reference, updated_at)
     SELECT n, 1 + pos.h(m, 1) % 120, 'op-' || lpad((pos.h(m, 2) % 900)::text, 3, '0'),
            (50 + pos.h(m, 3) % 49950) / 100.0, sold_at, (ARRAY['sale', 'sale', 'sale', 'return', 'voucher'])[1 + pos.h(m, 4) % 5],
            CASE WHEN pos.h(m, 5) % 10 > 0 THEN 'R-' || to_char(sold_at, 'YYYYMMDD') || '-' || lpad(to_hex(pos.h(m, 6)), 8, '0') END,
            sold_at + interval '2 seconds'
       FROM generate_series($1::bigint, $2::bigint) AS n,
            LATERAL (SELECT CASE WHEN n % 500 = 0 THEN n - 1 ELSE n END AS m) AS original,
            LATERAL (SELECT timestamptz '2026-01-02 07:00Z' + m * interval '97 seconds' AS sold_at) AS time`,
    [range.from, range.to],
  );
}

export type Changes = {
  readonly updated: number;
  readonly inserted: number;
  readonly deletedIds: readonly string[];
};

/** Changes 2 % of the sales: updates, inserts, deletes, and one poison row with an amount of −100. */
export async function changeSource(db: pg.Pool): Promise<Changes> {
  const updated = await db.query(
    `UPDATE pos.sales SET amount = amount + 1.25, type = 'correction', updated_at = clock_timestamp()
      WHERE pos.h(id, 11) % 1000 < 13`,
  );
  const deleted = await db.query<{ id: string }>(
    'DELETE FROM pos.sales WHERE pos.h(id, 12) % 1000 < 2 RETURNING id::text',
  );
  const inserted = SALES / 200;
  await insertSales(db, { from: SALES + 1, to: SALES + inserted });
  await db.query(
    `UPDATE pos.sales SET updated_at = clock_timestamp(), amount = CASE WHEN id = $1 THEN -100 ELSE amount END
      WHERE id > $2`,
    [SALES + 7, SALES],
  );
  await db.query(
    `UPDATE hr.employees SET salary = round(salary * 1.02, 2), updated_at = clock_timestamp() WHERE employee_id % 50 = 0`,
  );
  return { updated: updated.rowCount ?? 0, inserted, deletedIds: deleted.rows.map((row) => row.id) };
}
