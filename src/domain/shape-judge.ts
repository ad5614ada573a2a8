/** Runs the user's functions on one row. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { ComputeProblem, isThenable, resultCheckOf } from './computed.ts';
import type { EntityPlan } from './entity.ts';
import { isStorable } from './pg-text.ts';
import type { Row, Value } from './row.ts';
import { type Complaint, complaintOf, describeThrown } from './shape-issues.ts';
import { computedColumns, type View } from './shape-view.ts';

/** null: nothing against the row. */
export type Verdict = Complaint | null;

export type Views<S> = {
  readonly source: View<S>;
  readonly mirror: View<S>;
  /** The source marks the row as deleted: it becomes a tombstone, so nobody asks whether it is valid. */
  readonly isDeleted: (source: S) => boolean;
};

/** Fills `computed` and judges the row; a promise only where the validator gives one. */
export type Judge<S> = (source: S, computed: Value[]) => Verdict | Promise<Verdict>;

export function hasFunctions(plan: EntityPlan): boolean {
  return plan.spec.validate !== null || computedColumns(plan).length > 0;
}

export function compileJudge<S>(plan: EntityPlan, views: Views<S>): Judge<S> {
  const compute = compileComputes(plan, views);
  const validate = compileValidate(plan, views);
  if (compute === null) return validate ?? (() => null);
  if (validate === null) return compute;
  return (source, computed) => compute(source, computed) ?? validate(source, computed);
}

function compileComputes<S>(
  plan: EntityPlan,
  views: Views<S>,
): ((source: S, computed: Value[]) => Verdict) | null {
  const columns = computedColumns(plan).map(({ name, type }) => {
    const spec = plan.spec.columns?.find((column) => column.name === name);
    const compute = spec?.role === 'compute' ? spec.compute : () => null;
    return { name, compute, check: resultCheckOf(type) };
  });
  if (columns.length === 0) return null;
  const { maxValueBytes } = plan.spec;
  return (source, computed) => {
    const row = views.source(source, computed);
    for (let i = 0; i < columns.length; i++) {
      const { name, compute, check } = columns[i] as (typeof columns)[number];
      let value: Value;
      try {
        value = check(compute(row));
      } catch (error) {
        return failed(name, error, row);
      }
      const problem = typeof value === 'string' ? textProblem(value, maxValueBytes) : null;
      if (problem !== null) return { ...problem, detail: `${name}: ${problem.detail}` };
      computed[i] = value;
    }
    return null;
  };
}

function failed(column: string, error: unknown, row: Row): Complaint {
  const said = error instanceof ComputeProblem ? error.message : describeThrown(error, row);
  return { reason: 'COMPUTE_FAILED', severity: 'error', detail: `${column}: compute ${said}` };
}

/** Why PostgreSQL or the limit would not take the text; null: they take it. */
export function textProblem(text: string, maxValueBytes: number): Complaint | null {
  // At most three bytes a character: only long texts are measured.
  if (text.length * 3 > maxValueBytes && Buffer.byteLength(text) > maxValueBytes)
    return oversized(maxValueBytes);
  if (isStorable(text)) return null;
  const detail = text.includes('\0') ? 'holds a NUL character' : 'is not valid Unicode';
  return { reason: 'INVALID_VALUE', severity: 'error', detail };
}

export function oversized(maxValueBytes: number): Complaint {
  return {
    reason: 'OVERSIZED',
    severity: 'error',
    detail: `a value is larger than ${maxValueBytes} bytes`,
  };
}

export function unreadableKey(plan: EntityPlan): Complaint {
  const names = plan.spec.key.join(', ');
  return {
    reason: 'UNREADABLE_KEY',
    severity: 'critical',
    detail: `the key (${names}) has a part that is NULL or no text`,
  };
}

function compileValidate<S>(plan: EntityPlan, views: Views<S>): Judge<S> | null {
  if (plan.spec.validate === null) return null;
  const standard = plan.spec.validate['~standard'];
  const { mirror, isDeleted } = views;
  const skipsDeleted = plan.spec.softDelete !== null;
  return (source, computed) => {
    if (skipsDeleted && isDeleted(source)) return null;
    const row = mirror(source, computed);
    try {
      const result = standard.validate(row);
      if (isPromise(result)) return settle(result, row);
      return result.issues ? complaintOf(result.issues, row) : null;
    } catch (error) {
      return threw(error, row);
    }
  };
}

type Result = StandardSchemaV1.Result<unknown>;

function isPromise(result: Result | Promise<Result>): result is Promise<Result> {
  return isThenable(result);
}

async function settle(result: Promise<Result>, row: Row): Promise<Verdict> {
  try {
    const { issues } = await result;
    return issues ? complaintOf(issues, row) : null;
  } catch (error) {
    return threw(error, row);
  }
}

function threw(error: unknown, row: Row): Complaint {
  return { reason: 'VALIDATION', severity: 'error', detail: `validate ${describeThrown(error, row)}` };
}
