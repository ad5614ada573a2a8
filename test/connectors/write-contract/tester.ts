/** What the tests of the write contract have in hand, and what a kind gives them. */
import type {
  Mutation,
  Texts,
  Verdict,
  WriteEntity,
  WriteOptions,
  WriteTarget,
} from '../../../src/connectors/write-contract.ts';
import { insertOf, mutation, writeOptions } from '../write-kit.ts';

/** Names of columns in the tests; a kind spells them in its own way. */
export type WriteFixture = {
  readonly target: WriteTarget;
  /**
   * `departments`: id (whole number, the key, given by the database where it is left out), name (text of at most 30, not
   * NULL), code (four characters, padded). `employees`: id (whole number, the key, from a sequence), name (text of at
   * most 20, not NULL), salary (8 digits, 2 behind the point, above 0), email (text, unique), department_id (refers to
   * departments), hired (a day, or a time without zone), origin (text: the origin column), version (1; a trigger counts
   * it up at each UPDATE, and refuses the name Forbidden with the text 'Not this name'). `history`: employee_id and
   * started (whole number and the type of hired; both are the key), note (text). `notes`: id (whole number, the key),
   * parent (refers to notes, checked by COMMIT).
   */
  readonly entities: Readonly<Record<'departments' | 'employees' | 'history' | 'notes', WriteEntity>>;
  /** `employees` again, written by a procedure that refuses salaries above 50000: 'Insufficient permissions'. */
  readonly called: WriteEntity;
  /** The same text in the kind's spelling of names. */
  column(name: string): string;
  /** As verdicts give the day, in columns of the type of `hired`. */
  day(day: string): string;
  /** Codes of verdicts, as the kind's database calls them. */
  readonly codes: Readonly<
    Record<
      'check' | 'unique' | 'noParent' | 'hasChild' | 'missing' | 'tooLong' | 'tooLarge' | 'raised',
      string
    >
  > & { readonly missingOnUpdate?: string; readonly called: string; readonly locked: string };
  /** Empties all tables; then department 10, and the employees 1 and 2. */
  reset(): Promise<void>;
  /** SQL that every kind understands, on the tables' owner's session, committed. */
  run(...statements: string[]): Promise<void>;
  rows(sql: string): Promise<(string | null)[][]>;
  /** Updates the employee and leaves the transaction open. */
  lockEmployee(id: number): Promise<{ rollback(): Promise<void> }>;
  /** Makes a ledger row older. */
  age(ledgerKey: string, days: number): Promise<void>;
  hasLedgerRow(ledgerKey: string): Promise<boolean>;
  close(): Promise<void>;
};

export type Applied = Extract<Verdict, { kind: 'applied' }>;

/** Columns in mutations and rows are given by their names in the tests. */
export type WriteTester = {
  readonly fixture: WriteFixture;
  spelled<T extends Texts | null | undefined>(texts: T): T;
  options(more?: Partial<WriteOptions>): WriteOptions;
  write(...mutations: Mutation[]): Promise<readonly Verdict[]>;
  change(given: Parameters<typeof mutation>[0]): Mutation;
  employee(given: Partial<Mutation>): Mutation;
  made(entity: string, values: Texts, key?: string | null): Mutation;
  salaryOf(id: number): Promise<number>;
};

export function testerOf(get: () => WriteFixture): WriteTester {
  const spelled = <T extends Texts | null | undefined>(texts: T): T =>
    (texts
      ? Object.fromEntries(Object.entries(texts).map(([name, value]) => [get().column(name), value]))
      : texts) as T;
  const change: WriteTester['change'] = (given) =>
    mutation({ ...given, values: spelled(given.values ?? {}), base: spelled(given.base ?? null) });
  const options: WriteTester['options'] = (more = {}) => writeOptions(Object.values(get().entities), more);
  return {
    get fixture() {
      return get();
    },
    spelled,
    options,
    change,
    write: (...mutations) => get().target.writeBatch(mutations, options()),
    employee: (given) => change({ entity: 'employees', ...given }),
    made: (entity, values, key = null) => insertOf(entity, spelled(values), key),
    salaryOf: async (id) =>
      Number((await get().rows(`SELECT salary FROM employees WHERE id = ${id}`))[0]?.[0]),
  };
}

export function kindsOf(verdicts: readonly Verdict[]): string[] {
  return verdicts.map((verdict) => verdict.kind);
}
