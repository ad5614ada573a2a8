import { OraError } from '../../../dev/oracle-simulator/ora-error.ts';
import { parseStatement } from '../../../dev/oracle-simulator/sql/parse.ts';
import { render } from '../../../dev/oracle-simulator/sql/render.ts';
import type { BindType, OracleTypeName } from '../../../dev/oracle-simulator/types.ts';

export function bindOf(name: OracleTypeName): BindType {
  return { type: { name, precision: null, scale: null, length: null, unit: null }, maxBytes: 4000 };
}

/** What PostgreSQL is given; binds are VARCHAR2 unless types are given. `/ 0, 2` behind it: which bind is which `$k`. */
export function rendered(sql: string, ...types: readonly OracleTypeName[]): string {
  const { plan } = parseStatement(sql);
  if (plan.kind === 'block' || plan.kind === 'session') throw new Error(`${plan.kind} is not rendered`);
  const { sql: text, params } = render(plan, { binds: types.map(bindOf), user: 'HR', schema: 'HR' });
  return params.length === 0 ? text : `${text} / ${params.join(', ')}`;
}

/** An expression as it is rendered in `SELECT … FROM t`. */
export function renderedValue(value: string, ...types: readonly OracleTypeName[]): string {
  const text = rendered(`SELECT ${value} AS v FROM t`, ...types);
  return text
    .replace(/^SELECT /, '')
    .replace(/ FROM "T"/, '')
    .replace(/ AS "V"/, '');
}

/** A condition as it is rendered behind WHERE. */
export function renderedCondition(condition: string, ...types: readonly OracleTypeName[]): string {
  return rendered(`SELECT a FROM t WHERE ${condition}`, ...types).replace('SELECT "A" FROM "T" WHERE ', '');
}

/** `number at offset: text`. */
export function refusal(sql: string): string {
  try {
    const { plan } = parseStatement(sql);
    if (plan.kind !== 'block' && plan.kind !== 'session')
      render(plan, { binds: [], user: 'HR', schema: 'HR' });
  } catch (error) {
    if (error instanceof OraError) return `${error.offset} ${error.message}`;
    throw error;
  }
  return 'accepted';
}
