/** Values of a statement, bound by name: literals would fill the database's cache of statements. */
import oracledb from 'oracledb';

export type BindKind = 'text' | 'nationalText' | 'char' | 'nationalChar' | 'number';

export type Binds = {
  /** @returns what stands for the value in the statement: `:b1`. */
  readonly bind: (value: string, kind?: BindKind) => string;
  readonly values: Record<string, oracledb.BindParameter>;
};

const TYPES: Readonly<Record<BindKind, oracledb.DbType>> = {
  text: oracledb.DB_TYPE_VARCHAR,
  nationalText: oracledb.DB_TYPE_NVARCHAR,
  // Compared with blanks padded, as the column's own values are.
  char: oracledb.DB_TYPE_CHAR,
  nationalChar: oracledb.DB_TYPE_NCHAR,
  number: oracledb.DB_TYPE_NUMBER,
};

/** 'number' is for numbers that a double holds exactly; keys are bound as text. */
export function createBinds(): Binds {
  const values: Record<string, oracledb.BindParameter> = {};
  let count = 0;
  return {
    values,
    bind: (value, kind = 'text') => {
      const name = `b${++count}`;
      values[name] = {
        dir: oracledb.BIND_IN,
        type: TYPES[kind],
        val: kind === 'number' ? Number(value) : value,
      };
      return `:${name}`;
    },
  };
}
