/** For each type, texts of extreme and of random values, as PostgreSQL reads them. */
import fc from 'fast-check';

const digits = (min: number, max: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: min, maxLength: max });

const sign = fc.constantFrom('', '-');
const pad = (value: number, size: number): string => String(value).padStart(size, '0');

const fraction = fc.oneof(
  fc.constant(''),
  digits(1, 6).map((text) => `.${text}`),
);
const clock = fc
  .tuple(fc.nat(23), fc.nat(59), fc.nat(59), fraction)
  .map(([hour, minute, second, part]) => `${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}${part}`);
const dayInYear = (lastYear: number, era: string) =>
  fc
    .tuple(
      fc.integer({ min: 1, max: lastYear }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 28 }),
    )
    .map(([year, month, day]) => ({ date: `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`, era }));
const day = fc.oneof(
  { weight: 4, arbitrary: dayInYear(2100, '') },
  dayInYear(294_275, ''),
  dayInYear(4713, ' BC'),
  fc.constantFrom('2000-02-29', '1900-03-01', '2100-02-28', '2024-02-29').map((date) => ({ date, era: '' })),
);
const instant = fc.tuple(day, clock).map(([{ date, era }, time]) => `${date} ${time}${era}`);

const bits = (bytes: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((values) => Buffer.from(values));
const float8 = fc.oneof(
  bits(8).map((buffer) => buffer.readDoubleBE()),
  fc.integer().map((value) => value / 100),
  // Around and above 2^53, where middles of two floats can be short decimals.
  fc
    .tuple(fc.integer({ min: 44, max: 90 }), fc.double({ min: 1, max: 2, noNaN: true }))
    .map(([power, factor]) => factor * 2 ** power),
  fc.integer({ min: -1074, max: 1023 }).map((power) => 2 ** power),
);
const float4 = fc.oneof(
  bits(4).map((buffer) => buffer.readFloatBE()),
  fc.integer({ min: -100_000, max: 100_000 }).map((value) => value / 100),
  fc
    .tuple(fc.integer({ min: 14, max: 60 }), fc.double({ min: 1, max: 2, noNaN: true }))
    .map(([power, factor]) => factor * 2 ** power),
  fc.integer({ min: -149, max: 127 }).map((power) => 2 ** power),
);
// PostgreSQL rounds once from the decimal: all 17 digits keep the double that is meant.
const floatText = (value: number): string =>
  Object.is(value, -0) ? '-0' : Number.isFinite(value) ? value.toExponential(20) : String(value);
const float4Text = (value: number): string => floatText(Math.fround(value));

const word = fc
  .string({ unit: 'grapheme', maxLength: 40 })
  .filter((text) => !text.includes('\0') && /^\P{Surrogate}*$/u.test(text));
const json = fc
  .json({ maxDepth: 2 })
  .filter((text) => !/\\u0000|\\ud[89a-f]/i.test(text) && /^[^\0\ud800-\udfff]*$/.test(text));
const months = fc.integer({ min: -2000, max: 2000 });
const interval = fc
  .tuple(months, fc.integer({ min: -5000, max: 5000 }), fc.integer({ min: -400_000, max: 400_000 }), fraction)
  .map(([month, days, seconds, part]) => `${month} mons ${days} days ${seconds}${part} seconds`);

export type TypeSample = {
  readonly type: string;
  readonly extremes: readonly string[];
  readonly random: fc.Arbitrary<string>;
};

export const TYPE_SAMPLES: readonly TypeSample[] = [
  { type: 'boolean', extremes: ['t', 'f'], random: fc.constantFrom('t', 'f') },
  {
    type: 'smallint',
    extremes: ['-32768', '32767', '0', '-1'],
    random: fc.integer({ min: -32_768, max: 32_767 }).map(String),
  },
  { type: 'integer', extremes: ['-2147483648', '2147483647', '0', '-1'], random: fc.integer().map(String) },
  {
    type: 'bigint',
    extremes: [
      '-9223372036854775808',
      '9223372036854775807',
      '0',
      '-1',
      '9007199254740991',
      '9007199254740992',
      '9007199254740993',
      '-9007199254740993',
      '4294967296',
      '-4294967296',
      '-4294967295',
      '10000',
      '100000000',
      '99999999',
    ],
    random: fc.oneof(
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
      fc.maxSafeInteger().map(String),
      fc.integer().map(String),
    ),
  },
  {
    type: 'real',
    extremes: [
      '0',
      '-0',
      'NaN',
      'Infinity',
      '-Infinity',
      '1e-45',
      '3.4028235e38',
      '1.17549435e-38',
      '0.1',
      '16777216',
      '999999',
      '1000000',
      '1e6',
      '0.0001',
      '0.00001',
      '9.8607613e-32',
      '33554430',
      '8388608.5',
    ],
    random: float4.map(float4Text),
  },
  {
    type: 'double precision',
    extremes: [
      '0',
      '-0',
      'NaN',
      'Infinity',
      '-Infinity',
      '5e-324',
      '1.7976931348623157e308',
      '2.2250738585072014e-308',
      '0.1',
      '9007199254740993',
      '18014398509481992',
      '1e15',
      '999999999999999',
      '1e23',
      '0.0001',
      '0.00001',
      '1e22',
      '36028797018963970',
    ],
    random: float8.map(floatText),
  },
  {
    type: 'text',
    extremes: ['', ' ', '\\N', '\u0001', '\u{10ffff}', '￿', 'é', 'a\tb\nc\\d\r', 'x'.repeat(100_000)],
    random: word,
  },
  {
    type: 'character varying(60)',
    extremes: ['', '😀'.repeat(60)],
    random: fc.string({ maxLength: 60 }).filter((text) => !text.includes('\0')),
  },
  {
    type: 'character(9)',
    extremes: ['', 'a', 'a b', '123456789'],
    random: fc.string({ maxLength: 9 }).filter((text) => !text.includes('\0')),
  },
  {
    type: 'name',
    extremes: ['', 'a'],
    random: fc.string({ maxLength: 40 }).filter((text) => !text.includes('\0')),
  },
  { type: 'json', extremes: ['{}', ' {"a" : 1.0} ', 'null', '"\\u00e9"'], random: json },
  { type: 'jsonb', extremes: ['{}', ' {"a" : 1.0} ', 'null', '"\\u00e9"', '1e400'], random: json },
  {
    type: 'uuid',
    extremes: ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
    random: fc.uuid(),
  },
  {
    type: 'numeric',
    extremes: [
      'NaN',
      'Infinity',
      '-Infinity',
      '0',
      '0.0',
      '-0.00',
      '1',
      '10000',
      '9999',
      '1.0000',
      '0.0001',
      '0.00000001',
      '100000000.00000000',
      `${'9'.repeat(1000)}`,
      `-${'1'.repeat(1000)}.${'0'.repeat(900)}1`,
      `0.${'0'.repeat(1000)}1`,
      '1e1000',
      '1e-1000',
      `1${'0'.repeat(131_071)}`,
      `0.${'0'.repeat(16_382)}1`,
    ],
    random: fc
      .tuple(
        sign,
        digits(1, 40),
        fc.oneof(
          fc.constant(''),
          digits(1, 30).map((text) => `.${text}`),
        ),
      )
      .map((parts) => parts.join('')),
  },
  {
    type: 'numeric(20,7)',
    extremes: ['NaN', '0', '-1234567890123.1234567'],
    random: fc.tuple(sign, digits(1, 13), digits(1, 9)).map(([s, a, b]) => `${s}${a}.${b}`),
  },
  {
    type: 'timestamp without time zone',
    extremes: [
      'infinity',
      '-infinity',
      '4713-01-01 00:00:00 BC',
      '0001-01-01 00:00:00',
      '0001-12-31 23:59:59.999999 BC',
      '294276-12-31 23:59:59.999999',
      '1999-12-31 23:59:59.999999',
      '2000-01-01',
      '2000-01-01 00:00:00.000001',
      '2285-06-05 23:47:34.740991',
      '2285-06-05 23:47:34.740992',
      '1714-07-28 00:12:25.259007',
    ],
    random: instant,
  },
  {
    type: 'timestamp with time zone',
    extremes: [
      'infinity',
      '-infinity',
      '4713-01-01 00:00:00+00 BC',
      '0001-01-01 00:00:00+00',
      '0001-12-31 23:59:59.999999+00 BC',
      '294276-12-31 23:59:59.999999+00',
      '1970-01-01 00:00:00+05:30',
      '2024-03-31 02:30:00+01',
    ],
    random: instant,
  },
  {
    type: 'date',
    extremes: [
      'infinity',
      '-infinity',
      '4713-01-01 BC',
      '0001-12-31 BC',
      '0001-01-01',
      '5874897-12-31',
      '2000-02-29',
      '1900-02-28',
    ],
    random: day.map(({ date, era }) => date + era),
  },
  {
    type: 'time without time zone',
    extremes: ['00:00:00', '24:00:00', '23:59:59.999999', '00:00:00.1', '12:00:00.000001'],
    random: clock,
  },
  {
    type: 'time with time zone',
    extremes: ['00:00:00+00', '24:00:00-15:59:59', '23:59:59.999999+15:59:59', '12:00+05:30'],
    random: fc
      .tuple(clock, fc.constantFrom('+00', '+02', '-03:30', '+05:45', '-00:00:01', '+00:30'))
      .map(([time, zone]) => time + zone),
  },
  {
    type: 'interval',
    extremes: [
      '0',
      '1 mon',
      '-1 mon',
      '-1 mon 1 day',
      '1 day -00:00:00.000001',
      '-1 year',
      '-1 year -1 day 01:00',
      '1 year 1 mon 1 day',
      'infinity',
      '-infinity',
      '2562047788:00:54.775807',
      '-178000000 years',
      '100:00',
    ],
    random: interval,
  },
  {
    type: 'bytea',
    extremes: ['\\x', '\\x00', '\\x00ff7f80'],
    random: fc.uint8Array({ maxLength: 60 }).map((bytes) => `\\x${Buffer.from(bytes).toString('hex')}`),
  },
];
