/** Calls of procedures and functions in blocks: a user's are functions of PostgreSQL, Oracle's are in packages.ts. */

import { OraError } from '../ora-error.ts';
import type { Argument } from '../sql/ast.ts';
import type { BlockStep } from '../sql/plan.ts';
import { renderExpression } from '../sql/render.ts';
import { assign, type BlockRun, valuesOf } from './block-run.ts';
import { renderContext } from './core.ts';
import { callPackage } from './packages.ts';
import type { Answer, Value } from './pipeline.ts';

type Call = Extract<BlockStep, { kind: 'call' }>;

/** A function of PostgreSQL, as far as a call needs it. */
type Routine = {
  /** `"HR"."EMP_API.RAISE_SALARY"` */
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly returnsValue: boolean;
};

type Parameter = {
  readonly name: string;
  readonly mode: 'in' | 'out' | 'both';
  readonly hasDefault: boolean;
};

type Given = { readonly parameter: Parameter; readonly argument: Argument };

export async function callProcedure(run: BlockRun, step: Call): Promise<void> {
  if (await callPackage(run, step)) return;
  const routines = await findRoutines(run, step);
  if (routines.length === 0)
    throw undeclared(step, 'PLS-00201', `identifier '${step.procedure.join('.')}' must be declared`);
  for (const routine of routines) {
    const given = matched(routine, step);
    if (given !== null) {
      await call(run, { routine, given, into: step.into });
      return;
    }
  }
  throw undeclared(
    step,
    'PLS-00306',
    `wrong number or types of arguments in call to '${step.procedure.at(-1)}'`,
  );
}

function undeclared({ offset }: Call, number: string, text: string): OraError {
  return new OraError(6550, `line 1, column ${offset + 1}:\n${number}: ${text}\nPL/SQL: Statement ignored`, {
    offset,
  });
}

/** `[P]`, `[PKG, P]` or `[SCHEMA, P]`, `[SCHEMA, PKG, P]`. */
function candidates({ core }: BlockRun, { procedure }: Call): readonly (readonly [string, string])[] {
  const [first = '', second = '', third] = procedure;
  if (procedure.length === 1) return [[core.schema, first]];
  if (third !== undefined) return [[first, `${second}.${third}`]];
  return [
    [core.schema, `${first}.${second}`],
    [first, second],
  ];
}

async function findRoutines(run: BlockRun, step: Call): Promise<readonly Routine[]> {
  const places = candidates(run, step);
  const [answer] = await run.core.transaction.within([
    {
      text: `SELECT format('%I.%I', n.nspname, p.proname),
          to_json(coalesce(p.proargnames, '{}')), to_json(coalesce(p.proargmodes::text[], '{}')),
          p.pronargs, p.pronargdefaults,
          p.prorettype <> ALL ('{void,record}'::regtype[]) AND NOT coalesce(p.proargmodes && '{o,b}'::"char"[], false)
        FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS wanted (schema, name, place)
        JOIN pg_namespace AS n ON n.nspname = wanted.schema
        JOIN pg_proc AS p ON p.pronamespace = n.oid AND p.proname = wanted.name
        WHERE has_function_privilege(p.oid, 'EXECUTE')
        ORDER BY wanted.place, p.oid`,
      values: [arrayText(places.map(([schema]) => schema)), arrayText(places.map(([, name]) => name))],
    },
  ]);
  return (answer?.rows ?? []).map(routineOf);
}

function arrayText(items: readonly string[]): string {
  return `{${items.map((item) => `"${item.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`;
}

function routineOf([name, names, modes, inputs, defaults, returnsValue]: readonly (
  | string
  | null
)[]): Routine {
  const parameterNames = JSON.parse(names ?? '[]') as string[];
  const parameterModes = JSON.parse(modes ?? '[]') as string[];
  const firstDefault = Number(inputs) - Number(defaults);
  let input = 0;
  const parameters = parameterNames.map((each, index) => {
    const mode = modeOf(parameterModes[index] ?? 'i');
    const hasDefault = mode !== 'out' && input++ >= firstDefault;
    return { name: each, mode, hasDefault };
  });
  return { name: name ?? '', parameters, returnsValue: returnsValue === 't' };
}

function modeOf(letter: string): Parameter['mode'] {
  return letter === 'o' ? 'out' : letter === 'b' ? 'both' : 'in';
}

/** Which argument is for which parameter; null when they do not fit. */
function matched({ parameters, returnsValue }: Routine, { args, into }: Call): readonly Given[] | null {
  if ((into !== null) !== returnsValue || args.length > parameters.length) return null;
  const given: Given[] = [];
  for (const [index, argument] of args.entries()) {
    const parameter =
      argument.name === null ? parameters[index] : parameters.find((each) => isNamed(each, argument.name));
    if (parameter === undefined || given.some((each) => each.parameter === parameter)) return null;
    if (parameter.mode !== 'in' && argument.value.kind !== 'bind') return null;
    given.push({ parameter, argument });
  }
  const isMissing = (parameter: Parameter): boolean =>
    !parameter.hasDefault && !given.some((each) => each.parameter === parameter);
  return parameters.some(isMissing) ? null : given;
}

function isNamed(parameter: Parameter, name: string | null): boolean {
  return parameter.name.toUpperCase() === name?.toUpperCase();
}

async function call(
  run: BlockRun,
  {
    routine,
    given,
    into,
  }: { readonly routine: Routine; readonly given: readonly Given[]; readonly into: number | null },
): Promise<void> {
  const values: Value[] = [];
  const texts: string[] = [];
  for (const { parameter, argument } of given) {
    if (parameter.mode === 'out') continue;
    const { sql, params } = renderExpression(argument.value, renderContext(run.core, run.binds));
    const first = values.length;
    values.push(...(await valuesOf(run, params)));
    const placed = renumbered(sql, first);
    texts.push(`"${parameter.name.replaceAll('"', '""')}" => ${argumentText(placed, argument)}`);
  }
  const text = `SELECT * FROM ${routine.name}(${texts.join(', ')})`;
  const [answer] = await run.core.transaction.within([{ text, values, fields: 'wanted' }]);
  if (answer === undefined) return;
  if (into !== null) await assign(run, [into], answer);
  await assignOut(run, { routine, given }, answer);
}

/** `$1` becomes `$4` behind three others, outside of literals and names. */
function renumbered(sql: string, before: number): string {
  return sql.replaceAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\d+)/g, (all, place) =>
    place === undefined ? all : `$${before + Number(place)}`,
  );
}

/** A text that has no type yet takes the parameter's. */
function argumentText(sql: string, { value }: Argument): string {
  return value.kind === 'bind' ? sql.replace(/::text$/, '') : sql;
}

async function assignOut(
  run: BlockRun,
  { routine, given }: { readonly routine: Routine; readonly given: readonly Given[] },
  { fields, rows }: Answer,
): Promise<void> {
  const outs = routine.parameters.filter(({ mode }) => mode !== 'in');
  for (const [index, parameter] of outs.entries()) {
    const target = given.find((each) => each.parameter === parameter)?.argument.value;
    if (target?.kind !== 'bind') continue;
    const column = {
      fields: fields.slice(index, index + 1),
      rows: rows.map((row) => row.slice(index, index + 1)),
    };
    await assign(run, [target.index], { ...column, rowCount: rows.length });
  }
}
