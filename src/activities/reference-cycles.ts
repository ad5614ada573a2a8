/**
 * Changes that wait for each other for ever: rows made offline that name each other in a circle, which may lead through
 * groups, earlier changes of a row, and other uploads.
 */
import { inCycles } from '../domain/upload/cycles.ts';
import { textOfJson } from '../domain/upload/wire.ts';
import { readMutations } from '../store/mutations.ts';
import { type OpenMutation, openMutations } from '../store/open-mutations.ts';
import { lookUpNamed, type NamedRow } from '../store/upload-parts.ts';
import { failGroup } from './apply-group.ts';
import { endUnwritten } from './apply-in-mirror.ts';
import type { ActivityContext, ActivityDeps } from './deps.ts';
import { findUpload } from './upload-entity.ts';
import { workOf } from './upload-items.ts';
import type { StagedMember, UploadWork } from './upload-work.ts';

/** A mutation that could not be decided now; `making`: the one that has to make a row that it names. */
export type Left = { readonly ordinal: string; readonly making: string | null };

/** What is found beyond it waits for the next time. */
const MOST_FOUND = 20_000;

const MESSAGE =
  'Rows made offline name each other in a circle: make one of them without the name, then set it by an update';

/** Those of `waiting` that can never be decided are rejected. @returns how many mutations. */
export async function rejectCycles(
  deps: ActivityDeps,
  { waiting, id }: { readonly waiting: readonly Left[]; readonly id: string },
  context: ActivityContext,
): Promise<number> {
  const starts = waiting.filter(({ making }) => making !== null).map(({ ordinal }) => ordinal);
  if (starts.length === 0) return 0;
  const graph = await graphFrom(deps, starts);
  const circular = inCycles(graph.waitsFor);
  const units = new Set(starts.flatMap((ordinal) => graph.unitOf.get(ordinal) ?? []));
  let rejected = 0;
  for (const unit of units) {
    if (!circular.has(unit)) continue;
    const members = graph.members.get(unit) ?? [];
    const culprit = members.find((member) => graph.edges(member).some((other) => circular.has(other)));
    rejected += await rejectUnit(deps, { members, culprit: culprit ?? members[0], id }, context);
  }
  return rejected;
}

type Graph = {
  readonly waitsFor: ReadonlyMap<string, ReadonlySet<string>>;
  readonly members: ReadonlyMap<string, readonly OpenMutation[]>;
  readonly unitOf: ReadonlyMap<string, string>;
  /** Other units for which a mutation waits. */
  edges(mutation: OpenMutation): string[];
};

/** All that the given mutations wait for, and what that waits for. */
async function graphFrom(deps: ActivityDeps, starts: readonly string[]): Promise<Graph> {
  const unitOf = new Map<string, string>();
  const members = new Map<string, OpenMutation[]>();
  const targets = new Map<string, readonly string[]>();
  for (let next = starts; next.length > 0 && unitOf.size < MOST_FOUND; ) {
    const found = (await openMutations(deps.store.pool, next)).filter(({ ordinal }) => !unitOf.has(ordinal));
    for (const mutation of found) {
      unitOf.set(mutation.ordinal, mutation.unit);
      members.set(mutation.unit, (members.get(mutation.unit) ?? []).concat(mutation));
    }
    for (const [ordinal, others] of await waitsOf(deps, found)) targets.set(ordinal, others);
    const reached = found.flatMap(({ ordinal }) => targets.get(ordinal) ?? []);
    next = [...new Set(reached)].filter((ordinal) => !unitOf.has(ordinal));
  }
  const edges = ({ ordinal, unit }: OpenMutation): string[] =>
    (targets.get(ordinal) ?? []).flatMap((target) => unitOf.get(target) ?? []).filter((to) => to !== unit);
  const waitsFor = new Map([...members].map(([unit, own]) => [unit, new Set(own.flatMap(edges))]));
  return { waitsFor: withLoops(waitsFor, members, targets), members, unitOf, edges };
}

/** A single row that names itself waits for itself; in a group that is the group's own order. */
function withLoops(
  waitsFor: Map<string, Set<string>>,
  members: ReadonlyMap<string, readonly OpenMutation[]>,
  targets: ReadonlyMap<string, readonly string[]>,
): Map<string, Set<string>> {
  for (const [unit, [only]] of members) {
    if (only?.ordinal === unit && targets.get(unit)?.includes(unit)) waitsFor.get(unit)?.add(unit);
  }
  return waitsFor;
}

async function waitsOf(
  deps: ActivityDeps,
  mutations: readonly OpenMutation[],
): Promise<Map<string, readonly string[]>> {
  const named = mutations.map((mutation) => namesOf(deps, mutation));
  const states = await lookUpNamed(deps.store.pool, named.flat());
  const makers = new Map(
    states.flatMap(({ entity, id, making }) =>
      making === null ? [] : [[JSON.stringify([entity, id]), making]],
    ),
  );
  return new Map(
    mutations.map(({ ordinal, before }, i) => {
      const makes = (named[i] ?? []).flatMap(
        ({ entity, id }) => makers.get(JSON.stringify([entity, id])) ?? [],
      );
      return [ordinal, [...before, ...makes]];
    }),
  );
}

function namesOf(deps: ActivityDeps, { entity, values }: OpenMutation): NamedRow[] {
  const references = findUpload(deps, entity)?.upload.references ?? {};
  return Object.entries(references).flatMap(([field, other]) => {
    const value = values !== null && Object.hasOwn(values, field) ? values[field] : undefined;
    const id = value === undefined ? null : textOfJson(value);
    return id === null ? [] : [{ entity: other, id }];
  });
}

type Unit = {
  readonly members: readonly OpenMutation[];
  readonly culprit: OpenMutation | undefined;
  readonly id: string;
};

async function rejectUnit(
  deps: ActivityDeps,
  { members, culprit, id }: Unit,
  context: ActivityContext,
): Promise<number> {
  const works = new Map<string, UploadWork>();
  for (const { entity } of members) {
    if (!works.has(entity)) works.set(entity, await workOf(deps, { entity, id }, context));
  }
  const mutations = await readMutations(
    deps.store.pool,
    members.map(({ ordinal }) => ordinal),
  );
  const staged = mutations.map((mutation): StagedMember => {
    return { work: works.get(mutation.entity) as UploadWork, mutation };
  });
  const verdict = { status: 'rejected', code: 'REFERENCE_CYCLE', message: MESSAGE } as const;
  const [first] = staged;
  // One that is being written at the source names nothing that is not there.
  if (first === undefined || staged.some(({ mutation }) => mutation.attempted !== null)) return 0;
  if (first.mutation.group === null) await endUnwritten(first.work, { mutation: first.mutation }, verdict);
  else await failGroup(staged, { ordinal: culprit?.ordinal ?? first.mutation.ordinal, verdict });
  return staged.length;
}
