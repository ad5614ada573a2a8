/** C16: a mirror belongs to one entity, or to several of different sources that all declare it shared. */
import { stableJson } from '../domain/config-hash.ts';
import type { EntitySpec } from '../domain/entity.ts';
import type { Path, Problem } from './problems.ts';

export function mirrorProblems(entities: readonly EntitySpec[]): Problem[] {
  const owners = new Map<string, EntitySpec[]>();
  for (const spec of entities) {
    const table = `${spec.mirror.schema}.${spec.mirror.table}`;
    owners.set(table, [...(owners.get(table) ?? []), spec]);
  }
  return [...owners].flatMap(([table, specs]) =>
    specs.slice(1).flatMap((spec, i) => problemsBetween(table, spec, specs.slice(0, i + 1))),
  );
}

function problemsBetween(table: string, spec: EntitySpec, others: readonly EntitySpec[]): Problem[] {
  const [first] = others as [EntitySpec, ...EntitySpec[]];
  const at: Path = ['pipelines', spec.pipeline, 'entities', spec.entity];
  const path = [...at, 'mirror'];
  if (!spec.mirror.shared || !first.mirror.shared) {
    const fix = `Choose another table, or write mirror: { table: '${table}', shared: true } in both.`;
    return [{ path, problem: `is ${table}, which is the mirror of entity ${first.entity}`, fix }];
  }
  const twin = others.find(({ source }) => source === spec.source);
  if (twin !== undefined) {
    const fix = 'Read both in one entity with a query (UNION ALL), or give them a mirror each.';
    return [
      {
        path,
        problem: `is shared with entity ${twin.entity} of the same source ${spec.source}, so their rows cannot be told apart`,
        fix,
      },
    ];
  }
  if (spec.key.length !== first.key.length) {
    const fix = 'Entities that share a mirror need keys of as many columns.';
    return [
      {
        path: [...at, 'key'],
        problem: `has ${spec.key.length} columns, that of entity ${first.entity} in the same mirror ${first.key.length}`,
        fix,
      },
    ];
  }
  if (localsOf(spec) === localsOf(first)) return [];
  const fix = 'Define the same local columns, types and defaults in both.';
  return [
    {
      path: [...at, 'columns'],
      problem: `has other local columns than entity ${first.entity}, which shares its mirror`,
      fix,
    },
  ];
}

function localsOf({ localColumns }: EntitySpec): string {
  const locals = localColumns.map(({ name, type, default: value }) => ({ name, type, value }));
  return stableJson(locals.sort((a, b) => (a.name < b.name ? -1 : 1)));
}
