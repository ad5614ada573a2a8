/**
 * What Oracle's error numbers (ORA-) and those of its driver (NJS-) mean to us. The first rule that lists a number
 * counts; a pair of numbers is a range, both ends included. docs/oracle.md shows the classes; a test keeps them equal.
 */

export type OracleErrorClass =
  /** The connection is gone, silent or cannot be made. */
  | 'connection'
  /** Every session that the pool or the server allows is in use. */
  | 'busy'
  /** The login itself is refused: trying again locks accounts. */
  | 'auth'
  /** The login lacks a right. */
  | 'privilege'
  /** Locks, deadlocks, state that changed: the same transaction may succeed when it is done again. */
  | 'transient'
  /** The snapshot that was asked for is no longer, or not yet, to be had: read at a new SCN. */
  | 'snapshot-too-old'
  /** Stopped by us or by an operator. */
  | 'cancelled'
  /** `callTimeoutMs`, or a limit of the user's profile. */
  | 'timeout'
  /** The server has run out of space or memory. */
  | 'resources'
  /** The row breaks a constraint. */
  | 'constraint'
  /** A value cannot be converted, or does not fit. */
  | 'data'
  /** RAISE_APPLICATION_ERROR: the database's own code refuses. */
  | 'raised'
  /** The statement is refused before its first row. */
  | 'query'
  /** Connect string, wallet or mode cannot be used. */
  | 'config'
  /** The driver was used wrongly. */
  | 'defect';

export type Rule = {
  readonly class: OracleErrorClass;
  readonly numbers: readonly (number | readonly [number, number])[];
  /** Replaces the general remedy of the class's code. */
  readonly remedy?: string;
};

const UNLOCK =
  'Do not try again: every attempt may lock the account. Correct user and password, have a DBA run ' +
  'ALTER USER … ACCOUNT UNLOCK where it is locked, then run `syncline check`.';
const GRANT =
  'Grant the source’s user what the statement needs; docs/oracle.md has the scripts, `syncline check` shows what is missing.';
const NAMES =
  'Correct the name in `read`, `key`, `changedAt` or `columns`, or grant the source’s user SELECT on it: Oracle ' +
  'reports a table without grant as one that does not exist.';
const UNDO =
  'Read again at a new SCN. If it comes often, raise UNDO_RETENTION and the undo tablespace, or read in smaller chunks ' +
  '(`chunkRows`).';
const SPACE =
  'Have a DBA make room (tablespace, quota, undo, archive log or memory); work goes on by itself afterwards.';
const TLS = 'Correct the wallet or TLS options of the source; `syncline check` tests the connection.';
const CONNECT_STRING = 'Correct `connectString` of the source, or the tnsnames.ora it names.';

export const ORA_RULES: readonly Rule[] = [
  { class: 'auth', remedy: UNLOCK, numbers: [1017, 28000, 1005, 1004, 28001, 28009, 28040, 28041, 988] },
  { class: 'auth', remedy: 'Grant the source’s user CREATE SESSION.', numbers: [1045] },
  { class: 'privilege', remedy: GRANT, numbers: [1031, 1720, 1749, 41900, 28112, 28113] },
  {
    class: 'privilege',
    remedy: 'The database is open read only: reads work, writes need the primary.',
    numbers: [16000],
  },
  { class: 'snapshot-too-old', remedy: UNDO, numbers: [1555, 22924, 8180, 8181, 1466, 30052] },
  {
    class: 'transient',
    numbers: [54, 60, 51, 104, 1591, 2049, 4020, 4021, 4061, 4065, 4068, 8176, 8177, 12842, 14411, 30006],
  },
  { class: 'cancelled', numbers: [1013] },
  {
    class: 'timeout',
    remedy:
      'A limit of the user’s profile or of the resource manager ended the call: raise it, or read less at a time.',
    numbers: [36, 40, [2390, 2390], [2392, 2395]],
  },
  { class: 'busy', numbers: [18, 20, 2391, 12516, 12519, 12520] },
  {
    class: 'resources',
    remedy: SPACE,
    numbers: [
      257,
      376,
      1000,
      1115,
      1536,
      1562,
      1628,
      [1630, 1632],
      [1650, 1659],
      1683,
      1688,
      1691,
      1692,
      4030,
      4031,
      19502,
      19504,
      19809,
      27072,
      30036,
    ],
  },
  {
    class: 'connection',
    numbers: [
      22,
      28,
      31,
      45,
      378,
      600,
      602,
      603,
      609,
      1012,
      1033,
      1034,
      1041,
      1043,
      1089,
      1090,
      1092,
      1109,
      2396,
      2399,
      3113,
      3114,
      3122,
      3135,
      3136,
      12153,
      12170,
      12203,
      12224,
      12225,
      12505,
      12514,
      12518,
      [12521, 12528],
      12535,
      12537,
      12541,
      12543,
      12545,
      12547,
      12560,
      12564,
      12570,
      12571,
      12583,
      12606,
      12608,
      12609,
      12757,
      24550,
      25401,
      25402,
      25408,
      27101,
      27146,
      28511,
      56600,
    ],
  },
  { class: 'config', remedy: CONNECT_STRING, numbers: [12154, 12157, 12162, 12533] },
  {
    class: 'constraint',
    numbers: [1, 1400, 1402, 1407, [2290, 2292], 3301, 14400, 14402, 28115],
  },
  {
    class: 'data',
    numbers: [
      1401,
      1403,
      1406,
      1422,
      [1426, 1428],
      1438,
      1457,
      1461,
      1465,
      1476,
      1481,
      1489,
      1578,
      1722,
      [1801, 1899],
      6502,
      12713,
      12899,
      22275,
      22835,
      22921,
      26131,
      29275,
      [30081, 30089],
      31011,
      40441,
    ],
  },
  { class: 'raised', numbers: [[20_000, 20_999]] },
  {
    class: 'query',
    remedy: 'A trigger or procedure of the database does not compile: have its owner correct it.',
    numbers: [4098, 6508],
  },
  { class: 'query', remedy: NAMES, numbers: [904, 942, 1747, 2289, 4043, 4063] },
];

export const NJS_RULES: readonly Rule[] = [
  { class: 'auth', remedy: UNLOCK, numbers: [87, 116, 136, 168] },
  { class: 'config', remedy: 'Set `user` and `password` of the source.', numbers: [101] },
  {
    class: 'config',
    remedy:
      'The server asks for what the driver’s thin mode does not have (native encryption, or a version before 12.1): ' +
      "set `mode: 'thick'` with an Oracle Client, or change the server’s sqlnet.ora.",
    numbers: [138, [531, 533]],
  },
  { class: 'config', remedy: TLS, numbers: [505, 507, 508, 529] },
  { class: 'config', remedy: CONNECT_STRING, numbers: [125, 512, [514, 517], 520, 522] },
  {
    class: 'config',
    remedy: "Install an Oracle Client, or leave `mode: 'thick'` out.",
    numbers: [45, 67, 90, 118],
  },
  {
    class: 'timeout',
    remedy: 'The call took longer than `callTimeoutMs`: raise it, or read less at a time.',
    numbers: [123],
  },
  { class: 'busy', numbers: [40, 76, 82] },
  {
    class: 'connection',
    numbers: [
      3,
      64,
      65,
      102,
      103,
      113,
      127,
      173,
      500,
      501,
      503,
      504,
      506,
      [509, 511],
      513,
      518,
      519,
      521,
      530,
      536,
    ],
  },
  { class: 'data', numbers: [105, 112, 115, 201] },
];

/** Errors that only say where another one happened: the next in the message is the reason. */
export const WRAPPERS: ReadonlySet<number> = new Set([604, 2063, 2091, 4088, 6512, 12801]);
