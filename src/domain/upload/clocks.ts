/** Whose change is later, and which clocks are kept for what is written. */
import type { Change, Clocks, CurrentRow, FieldTexts } from './decision.ts';
import type { Unit } from './detect.ts';
import { type FieldFacts, own, stampOf } from './facts.ts';
import { compareHlcs, type Hlc, hlcOfWrite, laterHlc } from './hlc.ts';
import { ALL_OTHER_FIELDS } from './versions.ts';

/**
 * The clock of a field as the server has it. Where its last change has none, the row's counts: the last change that is
 * not the source's; without that, the one of the row's other fields. null: nobody ever said, and any clock is later.
 */
export function serverClock(row: CurrentRow, field: string): Hlc | null {
  return stampOf(row, field)?.hlc ?? row.hlc ?? own(row.stamps, ALL_OTHER_FIELDS)?.hlc ?? null;
}

export function clientClock(change: Change, field: string): Hlc {
  return own(change.fieldHlcs, field) ?? change.hlc;
}

/** The latest clock of a whole change. */
export function changeClock(change: Change): Hlc {
  return Object.values(change.fieldHlcs).reduce((latest, hlc) => laterHlc(latest, hlc) as Hlc, change.hlc);
}

/** The latest clock of what the server has in these fields. */
export function latestServerClock(row: CurrentRow, fields: readonly string[]): Hlc | null {
  return fields.map((field) => serverClock(row, field)).reduce(laterHlc, null);
}

/** The latest clock of all that the server knows of the row. */
export function rowClock(row: CurrentRow): Hlc | null {
  return Object.values(row.stamps).reduce((latest, { hlc }) => laterHlc(latest, hlc), row.hlc);
}

/** A tie goes to the server: only one change has this clock, so it is there already. */
export function isLater(client: Hlc, server: Hlc | null): boolean {
  return server === null || compareHlcs(client, server) > 0;
}

/** Last writer wins: a group is as late as the latest of its fields that were changed. */
export function isClientLater(unit: Unit, change: Change, row: CurrentRow): boolean {
  const changed = unit.fields.filter(({ byServer }) => byServer).map(({ field }) => field);
  return isLater(unitClock(unit.fields, change), latestServerClock(row, changed));
}

function unitClock(fields: readonly FieldFacts[], change: Change): Hlc {
  const clocks = fields.filter(({ byClient }) => byClient).map(({ field }) => clientClock(change, field));
  return clocks.reduce<Hlc | null>(laterHlc, null) ?? change.hlc;
}

/** Clocks of fields that are written into the row. */
export function clocksOfWrite(write: {
  readonly values: FieldTexts;
  readonly units: readonly Unit[];
  readonly change: Change;
  readonly row: CurrentRow;
  readonly node: string;
}): Clocks {
  const { values, units, change, row, node } = write;
  const byField = new Map(units.flatMap(({ fields }) => fields.map(({ field }) => [field, fields] as const)));
  return Object.fromEntries(
    Object.keys(values).map((field) => {
      const client = unitClock(byField.get(field) ?? [], change);
      return [field, hlcOfWrite({ client, replaced: serverClock(row, field), node })];
    }),
  );
}

/**
 * Clocks of the fields of groups that were taken whole from the device, and that hold its values already: the group
 * is as late as it was decided to be, in each of its fields.
 */
export function clocksOfTaken(taken: readonly Unit[], change: Change, row: CurrentRow): Clocks {
  const entries = taken.flatMap((unit) => {
    const client = unitClock(unit.fields, change);
    const older = unit.fields.filter(({ field }) => isLater(client, serverClock(row, field)));
    return older.map(({ field }) => [field, client] as const);
  });
  return Object.fromEntries(entries);
}

/**
 * Clocks of fields that both sides set to one value, where the device's is later: or else a third change with a clock
 * between the two would win over the later of them.
 */
export function clocksOfConfirmed(confirmed: readonly FieldFacts[], change: Change, row: CurrentRow): Clocks {
  return Object.fromEntries(
    confirmed
      .map(({ field }) => [field, clientClock(change, field)] as const)
      .filter(([field, client]) => isLater(client, serverClock(row, field))),
  );
}

/** The clock of a row that comes, goes or comes back. */
export function clockOfRow(change: Change, replaced: Hlc | null, node: string): Clocks {
  return { [ALL_OTHER_FIELDS]: hlcOfWrite({ client: changeClock(change), replaced, node }) };
}
