import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf, resultOf, type SchemaDatabase, schemaDatabase } from './schema-database.ts';

let database: SchemaDatabase;
beforeAll(async () => {
  database = await schemaDatabase();
});
afterAll(() => database.close());

function date(text: string): string {
  return `'${text}'::oracle.date`;
}
/** A Wednesday. */
const day = date('2024-05-01 15:04:05');
const stamp = `timestamp '2024-05-01 15:04:05.123456'`;
const nine = `'2024-05-01 15:04:05.123456789'::oracle.timestamp9`;

type Results = readonly (readonly [expression: string, result: string | null])[];

const written: Results = [
  [`to_char(${day}, 'YYYY-MM-DD"T"HH24:MI:SS')`, '2024-05-01T15:04:05'],
  [`to_char(${day}, 'yyyy-mm-dd hh24:mi:ss')`, '2024-05-01 15:04:05'],
  [`to_char(${day})`, '01-MAY-24'],
  [`to_char(${day}, 'FMMonth DD, YYYY')`, 'May 1, 2024'],
  [`to_char(${day}, 'FMMonth FMDD')`, 'May 01'],
  [`to_char(${day}, 'Month|MONTH|month')`, 'May      |MAY      |may      '],
  [`to_char(${day}, 'Day DY dy')`, 'Wednesday WED wed'],
  [`to_char(${date('2024-05-05 00:00:00')}, 'Day')`, 'Sunday   '],
  [`to_char(${day}, 'HH:MI AM|HH12 P.M.|hh a.m.')`, '03:04 PM|03 P.M.|03 p.m.'],
  [`to_char(${day}, 'SYYYY J Q WW IW W D DDD SSSSS')`, ' 2024 2460432 2 18 18 1 4 122 54245'],
  [`to_char(${date('2024-05-01 00:00:05')}, 'SSSSS')`, '00005'],
  [`to_char(${day}, 'YYY YY Y RR RRRR CC RM')`, '024 24 4 24 2024 21 V   '],
  [`to_char(${day}, 'DD "of" Month" in" YYYY')`, '01 of May       in 2024'],
  [`to_char(${day}, 'DD.MM.YYYY')`, '01.05.2024'],
  [`to_char(${date('0044-03-15 00:00:00 BC')}, 'SYYYY-MM-DD BC')`, '-0044-03-15 BC'],
  [`to_char(${stamp}, 'YYYY-MM-DD HH24:MI:SS.FF')`, '2024-05-01 15:04:05.123456'],
  [`to_char(${stamp}, 'FF1 FF3 FF6 FF9')`, '1 123 123456 123456000'],
  [`to_char(${stamp}, 'SSXFF')`, '05.123456'],
  [`to_char(${stamp})`, '01-MAY-24 03.04.05.123456 PM'],
  [`to_char(${nine}, 'FF FF9 FF8 FF7 FF3')`, '123456789 123456789 12345678 1234567 123'],
  [`to_char(${nine}, 'YYYY-MM-DD"T"HH24:MI:SS.FF9')`, '2024-05-01T15:04:05.123456789'],
  [`to_char(timestamptz '2024-05-01 15:04:05.5+02', 'HH24:MI TZH:TZM TZR')`, '13:04 +00:00 +00:00'],
  [
    `to_char_at(timestamptz '2024-05-01 12:00+00', 'Europe/Berlin', 'HH24:MI TZH:TZM TZR')`,
    '14:00 +02:00 Europe/Berlin',
  ],
  [`to_char(NULL::oracle.date, 'YYYY')`, null],
  [`to_char(${day}, NULL)`, null],
  [`to_char(interval '1 year 3 months')`, '+01-03'],
  [`to_char(interval '-1 day -3:04:05.5')`, '-01 03:04:05.500000'],
];

const read: Results = [
  [`to_date('2024-02-29', 'YYYY-MM-DD')`, '2024-02-29 00:00:00'],
  [`to_date('2024-05-31 10:11:12', 'YYYY-MM-DD HH24:MI:SS')`, '2024-05-31 10:11:12'],
  [`to_date('2024-05-31T10:11:12', 'YYYY-MM-DD"T"HH24:MI:SS')`, '2024-05-31 10:11:12'],
  // Punctuation may be another, or left out between numbers.
  [`to_date('2024/05/01', 'YYYY-MM-DD')`, '2024-05-01 00:00:00'],
  [`to_date('20240501', 'YYYY-MM-DD')`, '2024-05-01 00:00:00'],
  [`to_date('2024-5-1', 'YYYY-MM-DD')`, '2024-05-01 00:00:00'],
  [`to_date('20240501101112', 'YYYYMMDDHH24MISS')`, '2024-05-01 10:11:12'],
  // Times may be left out at the end.
  [`to_date('2024-05-01', 'YYYY-MM-DD HH24:MI:SS')`, '2024-05-01 00:00:00'],
  [`to_date('01-MAY-24')`, '2024-05-01 00:00:00'],
  [`to_date('1-may-99', 'DD-MON-RR')`, '1999-05-01 00:00:00'],
  [`to_date('01-May-2024', 'DD-MON-YY')`, '2024-05-01 00:00:00'],
  [`to_date('01-05-24', 'DD-MM-RRRR')`, '2024-05-01 00:00:00'],
  [`to_date('2024-MAY-01', 'YYYY-MM-DD')`, '2024-05-01 00:00:00'],
  [`to_date('May 1, 2024 3:04 P.M.', 'Month DD, YYYY HH:MI A.M.')`, '2024-05-01 15:04:00'],
  [`to_date('12:30:00 AM 2024-05-01', 'HH:MI:SS AM YYYY-MM-DD')`, '2024-05-01 00:30:00'],
  [`to_date('2460432', 'J')`, '2024-05-01 00:00:00'],
  [`to_date('2024 122', 'YYYY DDD')`, '2024-05-01 00:00:00'],
  [`to_date('54245 2024-05-01', 'SSSSS YYYY-MM-DD')`, '2024-05-01 15:04:05'],
  [`to_date('-0044-03-15', 'SYYYY-MM-DD')`, '0044-03-15 00:00:00 BC'],
  [`to_date('Wed 2024-05-01', 'DY YYYY-MM-DD')`, '2024-05-01 00:00:00'],
  [`to_date('', 'YYYY-MM-DD')`, null],
  [`to_date(NULL, 'YYYY-MM-DD')`, null],
  [`to_timestamp('2024-05-01 10:11:12.5', 'YYYY-MM-DD HH24:MI:SS.FF')`, '2024-05-01 10:11:12.5'],
  [
    `to_timestamp('2024-05-01T10:11:12.123456789', 'YYYY-MM-DD"T"HH24:MI:SS.FF9')`,
    '2024-05-01 10:11:12.123457',
  ],
  [
    `to_timestamp9('2024-05-01T10:11:12.123456789', 'YYYY-MM-DD"T"HH24:MI:SS.FF9')`,
    '2024-05-01 10:11:12.123456789',
  ],
  [`to_timestamp('01-MAY-24 03.04.05.5 PM')`, '2024-05-01 15:04:05.5'],
  [
    `to_timestamp_tz('2024-05-01 10:00:00 -05:30', 'YYYY-MM-DD HH24:MI:SS TZH:TZM')`,
    '2024-05-01 15:30:00+00',
  ],
  [
    `to_timestamp_tz('2024-05-01 10:00:00 Europe/Berlin', 'YYYY-MM-DD HH24:MI:SS TZR')`,
    '2024-05-01 08:00:00+00',
  ],
];

const refused: readonly (readonly [expression: string, message: string])[] = [
  [`to_date('2024-13-01', 'YYYY-MM-DD')`, 'ORA-01843: not a valid month'],
  [`to_date('2024-02-30', 'YYYY-MM-DD')`, 'ORA-01839: date not valid for month specified'],
  [`to_date('2023-02-29', 'YYYY-MM-DD')`, 'ORA-01839: date not valid for month specified'],
  [`to_date('2024-02-32', 'YYYY-MM-DD')`, 'ORA-01847: day of month must be between 1 and last day of month'],
  [`to_date('2024-02-01 24', 'YYYY-MM-DD HH24')`, 'ORA-01850: hour must be between 0 and 23'],
  [`to_date('2024-02-01 13', 'YYYY-MM-DD HH')`, 'ORA-01849: hour must be between 1 and 12'],
  [`to_date('2024-02-01 10:60', 'YYYY-MM-DD HH24:MI')`, 'ORA-01851: minutes must be between 0 and 59'],
  [`to_date('2024-02-01 10:10:60', 'YYYY-MM-DD HH24:MI:SS')`, 'ORA-01852: seconds must be between 0 and 59'],
  [
    `to_date('0000-01-01', 'YYYY-MM-DD')`,
    'ORA-01841: (full) year must be between -4713 and +9999, and not be 0',
  ],
  [`to_date('2024-02', 'YYYY-MM-DD')`, 'ORA-01840: input value not long enough for date format'],
  [
    `to_date('2024-02-01 11', 'YYYY-MM-DD')`,
    'ORA-01830: date format picture ends before converting entire input string',
  ],
  [
    `to_date('abcd-02-01', 'YYYY-MM-DD')`,
    'ORA-01858: a non-numeric character was found where a numeric was expected',
  ],
  [`to_date('2024-05-01', 'DD-MON-RR')`, 'ORA-01861: literal does not match format string'],
  [`to_date('2024/05/01', 'FXYYYY-MM-DD')`, 'ORA-01861: literal does not match format string'],
  [
    `to_date('2024-5-01', 'FXYYYY-MM-DD')`,
    'ORA-01862: the numeric value does not match the length of the format item',
  ],
  [`to_date('2024x05', 'YYYY"T"MM')`, 'ORA-01861: literal does not match format string'],
  [`to_date('01-XXX-24', 'DD-MON-RR')`, 'ORA-01843: not a valid month'],
  [`to_date('10 XM', 'HH AM')`, 'ORA-01855: AM/A.M. or PM/P.M. required'],
  [`to_date('2024', 'YYYY-ZZ')`, 'ORA-01821: date format not recognized'],
  [`to_date('2024', 'YYYY Q')`, 'ORA-01820: format code cannot appear in date input format'],
  [`to_char(${day}, 'YYYY-FF')`, 'ORA-01821: date format not recognized'],
  [`to_char(${day}, 'YYYY n')`, 'ORA-01821: date format not recognized'],
  [
    `to_char(${day}, 'DD', 'NLS_DATE_LANGUAGE=GERMAN')`,
    'ORA-12702: invalid NLS parameter string used in SQL function',
  ],
  [`from_tz(${stamp}, 'Nowhere/Land')`, 'ORA-01882: timezone region not found'],
  [`trunc(${day}, 'XYZ')`, 'ORA-01898: too many precision specifiers'],
  [`extract('HOUR', ${day})`, 'ORA-30076: invalid extract field for extract source'],
];

const july = date('2024-07-16 13:45:10');
const calculated: Results = [
  [`trunc(${july})`, '2024-07-16 00:00:00'],
  [`trunc(${july}, 'YEAR')`, '2024-01-01 00:00:00'],
  [`trunc(${july}, 'MM')`, '2024-07-01 00:00:00'],
  [`trunc(${july}, 'Q')`, '2024-07-01 00:00:00'],
  [`trunc(${july}, 'IW')`, '2024-07-15 00:00:00'],
  [`trunc(${july}, 'DAY')`, '2024-07-14 00:00:00'],
  [`trunc(${july}, 'WW')`, '2024-07-15 00:00:00'],
  [`trunc(${july}, 'W')`, '2024-07-15 00:00:00'],
  [`trunc(${july}, 'IYYY')`, '2024-01-01 00:00:00'],
  [`trunc(${july}, 'CC')`, '2001-01-01 00:00:00'],
  [`trunc(${july}, 'HH24')`, '2024-07-16 13:00:00'],
  [`trunc(${july}, 'mi')`, '2024-07-16 13:45:00'],
  [`trunc(${stamp})`, '2024-05-01 00:00:00'],
  [`round(${july})`, '2024-07-17 00:00:00'],
  [`round(${july}, 'YEAR')`, '2025-01-01 00:00:00'],
  [`round(${july}, 'MONTH')`, '2024-08-01 00:00:00'],
  [`round(${date('2024-07-15 23:59:59')}, 'MONTH')`, '2024-07-01 00:00:00'],
  [`round(${date('2024-02-16 00:00:00')}, 'Q')`, '2024-04-01 00:00:00'],
  [`round(${july}, 'HH')`, '2024-07-16 14:00:00'],
  [`add_months(${date('2024-01-31 00:00:00')}, 1)`, '2024-02-29 00:00:00'],
  [`add_months(${date('2024-02-29 00:00:00')}, 1)`, '2024-03-31 00:00:00'],
  [`add_months(${date('2024-03-30 00:00:00')}, -1)`, '2024-02-29 00:00:00'],
  [`add_months(${date('2024-01-15 01:02:03')}, 1.9)`, '2024-02-15 01:02:03'],
  [`last_day(${date('2024-02-03 05:00:00')})`, '2024-02-29 05:00:00'],
  [
    `to_char(months_between(${date('1995-02-02 00:00:00')}, ${date('1995-01-01 00:00:00')}))`,
    '1.03225806451612903225806451612903225806',
  ],
  [`to_char(months_between(${date('2024-02-29 00:00:00')}, ${date('2024-01-31 00:00:00')}))`, '1'],
  [`to_char(months_between(${date('2024-01-15 10:00:00')}, ${date('2024-03-15 00:00:00')}))`, '-2'],
  [`next_day(${day}, 'MONDAY')`, '2024-05-06 15:04:05'],
  [`next_day(${day}, 'wed')`, '2024-05-08 15:04:05'],
  [`extract('YEAR', ${day})`, '2024'],
  [`extract('SECOND', ${stamp})`, '5.123456'],
  [`extract('SECOND', ${nine})`, '5.123456789'],
  [`extract('HOUR', timestamptz '2024-05-01 10:00:00+02')`, '8'],
  [`extract('MONTH', interval '1 year 3 months')`, '3'],
  [`numtodsinterval(1.5, 'DAY')`, '1 day 12:00:00'],
  [`numtodsinterval(-36, 'hour')`, '-1 days -12:00:00'],
  [`numtodsinterval(0.000001, 'SECOND')`, '00:00:00.000001'],
  [`numtoyminterval(15, 'MONTH')`, '1 year 3 mons'],
  [`to_dsinterval('12 03:04:05.678')`, '12 days 03:04:05.678'],
  [`to_dsinterval('-P1DT2H')`, '-1 days -02:00:00'],
  [`to_yminterval('-3-11')`, '-3 years -11 mons'],
  [`to_yminterval('P1Y2M')`, '1 year 2 mons'],
  [`from_tz(${stamp}, '+02:00')`, '2024-05-01 13:04:05.123456+00'],
  [`from_tz(${stamp}, 'Europe/Berlin')`, '2024-05-01 13:04:05.123456+00'],
  [`sys_extract_utc(timestamptz '2024-05-01 10:00:00+02')`, '2024-05-01 08:00:00'],
  [`local_time(timestamptz '2024-05-01 10:00:00+00', '-05:30')`, '2024-05-01 04:30:00'],
  [`tz_offset('-05:30')`, '-05:30'],
  ['sessiontimezone()', '+00:00'],
  [`${day} + 1`, '2024-05-02 15:04:05'],
  [`${day} - 0.5`, '2024-05-01 03:04:05'],
  [`1 + ${day}`, '2024-05-02 15:04:05'],
  [`${day} + interval '1 hour'`, '2024-05-01 16:04:05'],
  [`${stamp} + 1`, '2024-05-02 15:04:05'],
  [`to_char(${day} - ${date('2024-05-01 14:04:05')})`, '.0416666666666666666666666666666666666667'],
  [`${stamp} - ${day}`, '00:00:00.123456'],
];

describe('dates as text', () => {
  it.each(written)('%s is %s', async (expression, result) => {
    expect(await resultOf(database.db, expression)).toBe(result);
  });
});

describe('text as dates', () => {
  it.each(read)('%s is %s', async (expression, result) => {
    expect(await resultOf(database.db, expression)).toBe(result);
  });

  it.each(refused)('%s ends in %s', async (expression, message) => {
    expect(await failureOf(database.db, expression)).toBe(message);
  });

  it('reads by the session’s formats where no mask is given', async () => {
    const session = await database.session('postgres');
    await session.query(`SET oracle.nls_date_format = 'DD.MM.YYYY HH24:MI'`);
    expect(await resultOf(session, `to_char('01.05.2024 10:11'::oracle.date)`)).toBe('01.05.2024 10:11');
    expect(await failureOf(session, `to_date('2024-05-01')`)).toBe('ORA-01843: not a valid month');
  });

  it('reads by the quick way what the rules read, and refuses the same', async () => {
    const { rows } = await database.db.query(`
      SELECT count(*)::integer AS days, count(*) FILTER (WHERE
        oracle.to_date(t.text, 'YYYY-MM-DD HH24:MI:SS') = oracle.parse_date(t.text, 'YYYY-MM-DD HH24:MI:SS'))::integer AS same
      FROM (SELECT pg_catalog.to_char(timestamp '2023-12-01 01:02:03' + n * interval '1 day 1 hour 7 minutes',
        'YYYY-MM-DD HH24:MI:SS') AS text FROM generate_series(0, 800) AS n) AS t`);
    expect(rows).toEqual([{ days: 801, same: 801 }]);
    for (const text of ['2024-06-31', '2024-02-30', '2023-02-29', '2024-00-10', '2024-01-00', '0000-01-01']) {
      expect(await failureOf(database.db, `to_date('${text}', 'YYYY-MM-DD')`)).toMatch(/^ORA-018/);
    }
  });
});

describe('calendar', () => {
  it.each(calculated)('%s is %s', async (expression, result) => {
    expect(await resultOf(database.db, expression)).toBe(result);
  });

  it('has one time in a statement, in the host’s zone', async () => {
    const { rows } = await database.db.query(`
      SELECT count(DISTINCT oracle.sysdate())::integer AS times,
        bool_and(oracle.sysdate()::timestamp = date_trunc('second', statement_timestamp() AT TIME ZONE 'UTC')) AS right
      FROM generate_series(1, 1000), LATERAL (SELECT pg_sleep(0.00001)) AS s`);
    expect(rows).toEqual([{ times: 1, right: true }]);
    await database.db.query(`SET oracle.host_time_zone = 'Asia/Tokyo'`);
    const ahead = await resultOf(
      database.db,
      `to_char((sysdate() - (statement_timestamp() AT TIME ZONE 'UTC')::oracle.date) * 24)`.replace(
        'statement',
        'pg_catalog.statement',
      ),
    );
    expect(ahead).toBe('9');
    await database.db.query('RESET oracle.host_time_zone');
  });
});

describe('masks of constants', () => {
  it.each([
    [`oracle.to_char(d, 'YYYY-MM-DD"T"HH24:MI:SS')`, 'pg_catalog.to_char('],
    [`oracle.to_char(d::timestamp, 'YYYY-MM-DD HH24:MI:SS.FF9')`, 'pg_catalog.to_char('],
    [`oracle.trunc(d, 'MM')`, `date_trunc('month'`],
  ])('%s is opened by the planner', async (expression, inside) => {
    const { rows } = await database.db.query(
      `EXPLAIN (VERBOSE, COSTS OFF) SELECT ${expression} FROM (SELECT ${day} AS d OFFSET 0) AS t`,
    );
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toContain(inside);
    expect(plan).not.toContain('date_mask');
    expect(plan).not.toContain('CASE');
  });
});
