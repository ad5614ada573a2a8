import type { OracleType } from '../types.ts';

/**
 * Oracle SQL as the parser understood it. Names are as Oracle resolves them: upper case unless they were quoted.
 * `offset` is the place in the statement's text, from 0, for errors.
 */

export type TableName = { readonly schema: string | null; readonly name: string; readonly offset: number };

export type Expression =
  | { readonly kind: 'null' }
  /** Never empty: '' is `null`. */
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'number'; readonly text: string }
  /** `1.5f`, `2d`, BINARY_DOUBLE_NAN and its like. */
  | { readonly kind: 'binaryNumber'; readonly text: string; readonly type: 'float4' | 'float8' }
  /** `index` into Statement.binds. */
  | { readonly kind: 'bind'; readonly index: number; readonly name: string; readonly offset: number }
  /** One to three names: column, table.column, schema.table.column. */
  | { readonly kind: 'column'; readonly path: readonly string[]; readonly offset: number }
  /** `:NEW.name` and `:OLD.name` of triggers. */
  | { readonly kind: 'triggerColumn'; readonly row: 'NEW' | 'OLD'; readonly name: string }
  | { readonly kind: 'rowid'; readonly table: string | null; readonly offset: number }
  | { readonly kind: 'rownum'; readonly offset: number }
  | { readonly kind: 'level'; readonly offset: number }
  | { readonly kind: 'sequence'; readonly sequence: TableName; readonly value: 'NEXTVAL' | 'CURRVAL' }
  | FunctionCall
  | { readonly kind: 'minus'; readonly operand: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: '+' | '-' | '*' | '/' | '||';
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'case';
      readonly operand: Expression | null;
      /** `when` is an expression exactly when there is an operand. */
      readonly branches: readonly { readonly when: Expression | Condition; readonly result: Expression }[];
      readonly otherwise: Expression | null;
    }
  | { readonly kind: 'cast'; readonly operand: Expression; readonly type: OracleType }
  | { readonly kind: 'extract'; readonly field: string; readonly operand: Expression }
  /** `2024-05-01`; a minus in front of years before 1. */
  | { readonly kind: 'date'; readonly text: string }
  /** `2024-05-01 10:00:00.5`; zone as written. */
  | { readonly kind: 'timestamp'; readonly text: string; readonly zone: string | null }
  | IntervalLiteral
  /** `expression AT TIME ZONE zone`; null: AT LOCAL. */
  | { readonly kind: 'atTimeZone'; readonly operand: Expression; readonly zone: Expression | null }
  /** `(days) DAY TO SECOND` of a difference. */
  | { readonly kind: 'asInterval'; readonly operand: Expression; readonly type: OracleType }
  | {
      readonly kind: 'trim';
      readonly side: 'BOTH' | 'LEADING' | 'TRAILING';
      readonly characters: Expression | null;
      readonly operand: Expression;
    }
  | { readonly kind: 'subquery'; readonly query: Query }
  /** TRUE and FALSE in blocks. */
  | { readonly kind: 'boolean'; readonly value: boolean }
  /** `(a, b)` in comparisons. */
  | { readonly kind: 'row'; readonly items: readonly Expression[] };

export type IntervalLiteral = {
  readonly kind: 'interval';
  readonly text: string;
  readonly from: string;
  readonly to: string | null;
};

export type FunctionCall = {
  readonly kind: 'call';
  /** `SUBSTR`; `DBMS_LOB.SUBSTR`; `HR.PKG.FUNC`. */
  readonly path: readonly string[];
  readonly args: readonly Argument[];
  /** `COUNT(*)`. */
  readonly star: boolean;
  readonly distinct: boolean;
  /** `WITHIN GROUP (ORDER BY …)` of LISTAGG. */
  readonly withinGroup: readonly OrderItem[] | null;
  readonly ignoreNulls: boolean;
  readonly over: Window | null;
  readonly offset: number;
};

export type Argument = { readonly name: string | null; readonly value: Expression };

export type Window = {
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly OrderItem[];
  readonly frame: Frame | null;
};

export type Frame = {
  readonly unit: 'ROWS' | 'RANGE';
  readonly start: FrameBound;
  readonly end: FrameBound | null;
};

export type FrameBound =
  | { readonly kind: 'current' }
  | {
      readonly kind: 'unbounded' | 'value';
      readonly side: 'PRECEDING' | 'FOLLOWING';
      readonly value?: Expression;
    };

export type CompareOperator = '=' | '<>' | '<' | '<=' | '>' | '>=';

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly items: readonly Condition[] }
  | { readonly kind: 'not'; readonly item: Condition }
  | {
      readonly kind: 'compare';
      readonly operator: CompareOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'quantified';
      readonly operator: CompareOperator;
      readonly quantifier: 'ANY' | 'ALL';
      readonly left: Expression;
      readonly right: readonly Expression[] | Query;
    }
  | {
      readonly kind: 'in';
      readonly negated: boolean;
      readonly left: Expression;
      readonly right: readonly Expression[] | Query;
    }
  | {
      readonly kind: 'between';
      readonly negated: boolean;
      readonly value: Expression;
      readonly low: Expression;
      readonly high: Expression;
    }
  | {
      readonly kind: 'like';
      readonly negated: boolean;
      readonly value: Expression;
      readonly pattern: Expression;
      readonly escapedBy: Expression | null;
    }
  | { readonly kind: 'isNull'; readonly negated: boolean; readonly value: Expression }
  | {
      readonly kind: 'isFloat';
      readonly negated: boolean;
      readonly value: Expression;
      readonly what: 'NAN' | 'INFINITE';
    }
  | { readonly kind: 'exists'; readonly query: Query }
  | { readonly kind: 'regexpLike'; readonly args: readonly Expression[] }
  /** INSERTING, UPDATING, DELETING in triggers. */
  | { readonly kind: 'firing'; readonly event: TriggerEvent };

export type TriggerEvent = 'INSERT' | 'UPDATE' | 'DELETE';

export type OrderItem = {
  readonly value: Expression;
  readonly direction: 'ASC' | 'DESC';
  readonly nulls: 'FIRST' | 'LAST';
};

export type Query = {
  readonly with: readonly CommonTable[];
  readonly body: QueryBody;
  readonly orderBy: readonly OrderItem[];
  readonly skip: Expression | null;
  readonly fetch: { readonly count: Expression; readonly withTies: boolean } | null;
  readonly forUpdate: RowLock | null;
};

export type RowLock = {
  /** Columns of OF; empty: all tables. */
  readonly of: readonly { readonly path: readonly string[]; readonly offset: number }[];
  readonly wait: Wait;
};

/** How long to wait for a lock. */
export type Wait =
  | { readonly kind: 'forever' | 'nowait' | 'skipLocked' }
  | { readonly kind: 'seconds'; readonly seconds: number };

export type CommonTable = {
  readonly name: string;
  readonly columns: readonly string[];
  readonly query: Query;
};

export type QueryBody = Select | SetOperation | { readonly kind: 'nested'; readonly query: Query };

export type SetOperation = {
  readonly kind: 'set';
  readonly operator: 'UNION' | 'UNION ALL' | 'INTERSECT' | 'MINUS';
  readonly left: QueryBody;
  readonly right: QueryBody;
};

export type Select = {
  readonly kind: 'select';
  readonly distinct: boolean;
  readonly items: readonly SelectItem[];
  readonly from: readonly TableReference[];
  readonly where: Condition | null;
  readonly groupBy: readonly GroupItem[];
  readonly having: Condition | null;
  /** `CONNECT BY LEVEL <= n` on DUAL: how many rows. */
  readonly levels: Expression | null;
  readonly offset: number;
};

export type GroupItem =
  | { readonly kind: 'value'; readonly value: Expression }
  | { readonly kind: 'rollup' | 'cube'; readonly items: readonly (readonly Expression[])[] }
  | { readonly kind: 'sets'; readonly sets: readonly (readonly Expression[])[] };

export type SelectItem =
  | { readonly kind: 'star'; readonly table: readonly string[]; readonly offset: number }
  /** `name`: alias, column, or the text of the expression as Oracle names it. */
  | { readonly kind: 'value'; readonly value: Expression; readonly name: string };

export type TableReference =
  | {
      readonly kind: 'table';
      readonly table: TableName;
      readonly alias: string | null;
      readonly asOf: AsOf | null;
    }
  | {
      readonly kind: 'inline';
      readonly query: Query;
      readonly alias: string | null;
      readonly lateral: boolean;
    }
  | {
      readonly kind: 'join';
      readonly type: 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'CROSS';
      readonly natural: boolean;
      readonly left: TableReference;
      readonly right: TableReference;
      readonly on: Condition | null;
      readonly using: readonly string[];
    };

export type AsOf = { readonly kind: 'scn' | 'timestamp'; readonly expression: Expression };
