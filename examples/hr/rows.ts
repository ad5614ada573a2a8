/**
 * The rows of the example, made of row numbers alone: the same for every run, whatever the machine. `chance(n, salt)`
 * stands in for chance.
 */
import { ascii, chance, DAY_S, day, moment, pick } from './chance.ts';
import { cities, countries, departments, firstNames, jobs, lastNames, products, regions } from './words.ts';

/** Dates are `YYYY-MM-DD`, timestamps `YYYY-MM-DD HH:MM:SS`, zoned ones with ` +HH:MM` behind. */
export type Value = string | number | null;
export type ColumnKind = 'number' | 'text' | 'clob' | 'date' | 'timestamp' | 'zoned';

export type TableRows = {
  readonly table: string;
  readonly columns: readonly { readonly name: string; readonly kind: ColumnKind }[];
  /** Made while they are taken; in an order that foreign keys allow. */
  rows(): Iterable<readonly Value[]>;
};

export type Amounts = {
  readonly employees: number;
  /** Default: 5 for each employee. */
  readonly stockTransactions?: number;
};

const EMPLOYEES_OF_DEPARTMENT = 25;
const PRODUCTS = 240;
const LOCATIONS_OF_PRODUCT = 3;

/** All tables, those that others refer to first. Departments have no manager yet: see `managers`. */
export function hrTables(amounts: Amounts): readonly TableRows[] {
  const size = sizeOf(amounts);
  return [
    table('REGIONS', 'REGION_ID:number REGION_NAME:text', () => numbered(regions.length, regionRow)),
    table('COUNTRIES', 'COUNTRY_ID:text COUNTRY_NAME:text REGION_ID:number', () =>
      numbered(countries.length, countryRow),
    ),
    table(
      'LOCATIONS',
      'LOCATION_ID:number STREET_ADDRESS:text POSTAL_CODE:text CITY:text COUNTRY_ID:text REGION_ID:number',
      () => numbered(cities.length, locationRow),
    ),
    table('JOBS', 'JOB_ID:text JOB_TITLE:text MIN_SALARY:number MAX_SALARY:number', () =>
      numbered(jobs.length, jobRow),
    ),
    table(
      'DEPARTMENTS',
      'DEPARTMENT_ID:number DEPARTMENT_NAME:text LOCATION_ID:number REGION_ID:number',
      () => numbered(size.departments, departmentRow),
    ),
    table(
      'EMPLOYEES',
      `EMPLOYEE_ID:number FIRST_NAME:text LAST_NAME:text EMAIL:text PHONE_NUMBER:text HIRE_DATE:date JOB_ID:text
       SALARY:number COMMISSION_PCT:number MANAGER_ID:number DEPARTMENT_ID:number REGION_ID:number`,
      () => numbered(size.employees, (n) => employeeRow(n, size.departments)),
    ),
    table(
      'JOB_HISTORY',
      'EMPLOYEE_ID:number START_DATE:date END_DATE:date JOB_ID:text DEPARTMENT_ID:number REGION_ID:number',
      () => jobHistoryRows(size),
    ),
    table(
      'PRODUCTS',
      'PRODUCT_ID:number SKU:text PRODUCT_NAME:text DESCRIPTION:clob WEIGHT_KG:number UNIT_PRICE:number DISCONTINUED:text',
      () => numbered(PRODUCTS, productRow),
    ),
    table(
      'INVENTORIES',
      'PRODUCT_ID:number LOCATION_ID:number QUANTITY_ON_HAND:number REORDER_LEVEL:number REGION_ID:number',
      () => inventoryRows(size),
    ),
    table(
      'STOCK_TRANSACTIONS',
      `TRANSACTION_ID:number PRODUCT_ID:number LOCATION_ID:number EMPLOYEE_ID:number KIND:text QUANTITY:number
       UNIT_COST:number OCCURRED_AT:zoned NOTE:text REGION_ID:number`,
      () => numbered(size.stockTransactions, (n) => stockTransactionRow(n, size)),
    ),
  ];
}

/** [manager, department], to be set when both are there: each department is led by its first employee. */
export function* managers(amounts: Amounts): Iterable<readonly [number, number]> {
  const size = sizeOf(amounts);
  const seen = new Set<number>();
  for (let n = 1; n <= size.employees && seen.size < size.departments; n += 1) {
    const department = departmentOf(n, size.departments);
    if (!seen.has(department)) yield [n, department];
    seen.add(department);
  }
}

type Size = { employees: number; departments: number; stockTransactions: number };

function sizeOf({ employees, stockTransactions = employees * 5 }: Amounts): Size {
  return {
    employees,
    departments: Math.max(1, Math.ceil(employees / EMPLOYEES_OF_DEPARTMENT)),
    stockTransactions,
  };
}

/** `columns`: names with their kinds; every table gets LAST_MODIFIED too. */
function table(name: string, columns: string, rows: () => Iterable<readonly Value[]>): TableRows {
  const described = columns.split(/\s+/).map((column) => {
    const [column_name = '', kind] = column.split(':');
    return { name: column_name, kind: kind as ColumnKind };
  });
  return {
    table: name,
    columns: [...described, { name: 'LAST_MODIFIED', kind: 'timestamp' }],
    *rows() {
      let n = 0;
      for (const row of rows()) {
        n += 1;
        yield [...row, modifiedAt(n)];
      }
    },
  };
}

function* numbered(count: number, row: (n: number) => readonly Value[]): Iterable<readonly Value[]> {
  for (let n = 1; n <= count; n += 1) yield row(n);
}

const regionRow = (n: number) => [n, regions[n - 1] as string];

function countryRow(n: number): readonly Value[] {
  const [id, name, region] = countries[n - 1] as (typeof countries)[number];
  return [id, name, region];
}

function locationRow(n: number): readonly Value[] {
  const [city, country] = cities[n - 1] as (typeof cities)[number];
  const street = `${pick(lastNames, n, 31)} Street ${1 + (chance(n, 32) % 180)}`;
  return [n, street, String(10_000 + (chance(n, 33) % 89_999)), city, country, regionOf(n)];
}

function jobRow(n: number): readonly Value[] {
  const [id, title, least, most] = jobs[n - 1] as (typeof jobs)[number];
  return [id, title, least, most];
}

function departmentRow(n: number): readonly Value[] {
  const location = 1 + (chance(n, 41) % cities.length);
  const [city] = cities[location - 1] as (typeof cities)[number];
  return [n, `${departments[(n - 1) % departments.length]} ${city}`, location, regionOf(location)];
}

function employeeRow(n: number, departmentCount: number): readonly Value[] {
  // One in 40 goes by one name.
  const first = chance(n, 1) % 40 === 0 ? null : pick(firstNames, n, 2);
  const last = pick(lastNames, n, 3);
  const [job, , least, most] = jobs[chance(n, 4) % jobs.length] as (typeof jobs)[number];
  const department = departmentOf(n, departmentCount);
  const salary = least + (chance(n, 5) % ((most - least) * 100)) / 100;
  return [
    n,
    first,
    last,
    `${ascii(first ?? 'x')}.${ascii(last)}.${n}@example.com`,
    chance(n, 6) % 10 === 0 ? null : `+00 ${String(chance(n, 7) % 10_000_000).padStart(7, '0')}`,
    day('2005-01-03', chance(n, 8) % 7_600),
    job,
    Math.round(salary * 100) / 100,
    job.startsWith('SA_') ? (5 + (chance(n, 9) % 30)) / 100 : null,
    n === 1 ? null : 1 + (chance(n, 10) % Math.ceil((n - 1) / 10)),
    department,
    departmentRow(department)[3] as number,
  ];
}

/** Every fourth employee had another job before. */
function* jobHistoryRows(size: Size): Iterable<readonly Value[]> {
  for (let n = 4; n <= size.employees; n += 4) {
    const [job] = jobs[chance(n, 51) % jobs.length] as (typeof jobs)[number];
    const department = 1 + (chance(n, 52) % size.departments);
    const start = chance(n, 53) % 3_000;
    const end = start + 30 + (chance(n, 54) % 2_000);
    const region = departmentRow(department)[3] as number;
    yield [n, day('1995-01-02', start), day('1995-01-02', end), job, department, region];
  }
}

function productRow(n: number): readonly Value[] {
  const name = `${pick(products, n, 61)} ${String.fromCharCode(65 + (n % 26))}${n}`;
  const description = chance(n, 62) % 5 === 0 ? null : `${name}. `.repeat(1 + (chance(n, 63) % 400));
  const price = (100 + (chance(n, 64) % 999_900)) / 10_000;
  const weight = (chance(n, 65) % 100_000) / 1_000;
  return [n, `SKU-${String(n).padStart(6, '0')}`, name, description, weight, price, n % 30 === 0 ? 'Y' : 'N'];
}

/** Of every product in every place, before the first transaction. */
export const OPENING_QUANTITY = 100_000;

/** What came in and went out is what is there, above what was there at first. */
function* inventoryRows(size: Size): Iterable<readonly Value[]> {
  const moved = new Map<string, number>();
  for (let n = 1; n <= size.stockTransactions; n += 1) {
    const [, product, location, , , quantity] = stockTransactionRow(n, size);
    const place = `${product} ${location}`;
    moved.set(place, (moved.get(place) ?? 0) + (quantity as number));
  }
  for (let product = 1; product <= PRODUCTS; product += 1) {
    for (let nth = 0; nth < LOCATIONS_OF_PRODUCT; nth += 1) {
      const location = locationOfProduct(product, nth);
      const quantity = OPENING_QUANTITY + (moved.get(`${product} ${location}`) ?? 0);
      yield [product, location, quantity, 50 * (1 + (chance(product, 71 + nth) % 10)), regionOf(location)];
    }
  }
}

function stockTransactionRow(n: number, size: Size): readonly Value[] {
  const product = 1 + (chance(n, 81) % PRODUCTS);
  const location = locationOfProduct(product, chance(n, 82) % LOCATIONS_OF_PRODUCT);
  const kind = (['RECEIPT', 'SALE', 'SALE', 'SALE', 'RETURN', 'CORRECTION'] as const)[
    chance(n, 83) % 6
  ] as string;
  const amount = 1 + (chance(n, 84) % 40);
  const sign = kind === 'SALE' || (kind === 'CORRECTION' && chance(n, 85) % 2 === 0) ? -1 : 1;
  const zone = (['+00:00', '+02:00', '-05:00', '+09:00'] as const)[chance(n, 86) % 4] as string;
  return [
    n,
    product,
    location,
    1 + (chance(n, 87) % size.employees),
    kind,
    sign * amount,
    kind === 'RECEIPT' ? (1 + (chance(n, 88) % 900_000)) / 10_000 : null,
    `${moment('2022-01-03 07:00:00', n * 97)} ${zone}`,
    kind === 'CORRECTION' ? `Counted by ${pick(firstNames, n, 89)}` : null,
    regionOf(location),
  ];
}

function departmentOf(employee: number, departmentCount: number): number {
  return 1 + (chance(employee, 11) % departmentCount);
}

/** Different ones for the same product: neighbours, around the list. */
function locationOfProduct(product: number, nth: number): number {
  return 1 + ((chance(product, 91) + nth) % cities.length);
}

function regionOf(location: number): number {
  const [, country] = cities[location - 1] as (typeof cities)[number];
  return countries.find(([id]) => id === country)?.[2] as number;
}

function modifiedAt(n: number): string {
  return moment('2024-01-08 08:00:00', chance(n, 99) % (200 * DAY_S));
}
