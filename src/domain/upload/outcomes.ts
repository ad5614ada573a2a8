/** Who won which fields, and by what: for the verdict, the change log and `explain`. */
import type { ColumnTypes, FieldOutcome, FieldTexts } from './decision.ts';
import type { Unit } from './detect.ts';
import type { DecidedUnit, Plan } from './plan.ts';
import type { Spoken } from './run-rules.ts';
import { sameValue } from './same-value.ts';

type Written = {
  readonly proposed: FieldTexts;
  readonly spoken: readonly Spoken[];
  readonly columns: ColumnTypes;
};

export function outcomesOf(units: readonly DecidedUnit[], written: Written): FieldOutcome[] {
  const ofClient = new Set(units.flatMap(({ unit }) => unit.fields.map(({ field }) => field)));
  return [
    ...units.map((unit) => outcomeOf(unit, written)),
    ...outcomesOfOthers(written.spoken, (field) => !ofClient.has(field)),
  ];
}

/** Of a row that is made, deleted or made again. */
export function wholeOutcomes(plan: Plan, spoken: readonly Spoken[]): FieldOutcome[] {
  const rule = plan.open.length > 0 ? spoken.at(-1)?.rule.name : undefined;
  const by = rule === undefined ? plan.by : (`rule:${rule}` as const);
  const fields = plan.clash?.fields ?? Object.keys(plan.proposed);
  return [{ fields, took: 'client', by }, ...outcomesOfOthers(spoken, () => true)];
}

function outcomeOf({ unit, decision }: DecidedUnit, { proposed, spoken, columns }: Written): FieldOutcome {
  const fields = unit.fields.map(({ field }) => field);
  const used = spoken.findLast((said) => said.used.some((field) => fields.includes(field)));
  if (used !== undefined) {
    return { fields, took: whoseValues(unit, proposed, columns), by: `rule:${used.rule.name}` };
  }
  if (decision.kind === 'taken') return { fields, took: decision.took, by: decision.by };
  const accepted = spoken.findLast(({ rule }) => rule.fields?.some((field) => fields.includes(field)));
  return { fields, took: 'client', by: `rule:${accepted?.rule.name}` };
}

function whoseValues(unit: Unit, proposed: FieldTexts, columns: ColumnTypes): FieldOutcome['took'] {
  const all = (side: (facts: Unit['fields'][number]) => string | null | undefined): boolean =>
    unit.fields.every((facts) => {
      const text = side(facts);
      const type = columns[facts.field] as string;
      return text !== undefined && sameValue(type, text, proposed[facts.field] ?? null);
    });
  if (all(({ wanted }) => wanted)) return 'client';
  return all(({ current }) => current) ? 'server' : 'merged';
}

/** Rules may change fields that the device left alone. */
function outcomesOfOthers(spoken: readonly Spoken[], isOther: (field: string) => boolean): FieldOutcome[] {
  return spoken.flatMap(({ rule, used }) => {
    const fields = used.filter(isOther);
    return fields.length === 0 ? [] : [{ fields, took: 'merged' as const, by: `rule:${rule.name}` }];
  });
}
