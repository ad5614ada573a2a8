/** Where `capture` stands, and nothing could log the changes. */
import type { z } from 'zod';
import type { SourceSettings } from '../domain/config.ts';
import type { EntitySpec } from '../domain/entity.ts';
import type { Problem } from './problems.ts';

export type Capturing = {
  readonly entities: readonly EntitySpec[];
  readonly sources: Readonly<Record<string, SourceSettings>>;
  /** A kind whose sources keep logs of changes says so: `.meta({ keepsChangeLog: true })`. */
  readonly sourceKinds: Readonly<Record<string, z.ZodType>>;
};

export function captureProblems({ entities, sources, sourceKinds }: Capturing): Problem[] {
  const captures = (kind: string): boolean => sourceKinds[kind]?.meta()?.keepsChangeLog === true;
  return entities.flatMap(({ entity, pipeline, source, read, capture }): Problem[] => {
    if (!capture) return [];
    const path = ['pipelines', pipeline, 'entities', entity, 'capture'];
    const kind = sources[source]?.kind;
    // A source or kind that is not known is a problem of its own.
    if (kind !== undefined && Object.hasOwn(sourceKinds, kind) && !captures(kind)) {
      return [
        {
          path,
          problem: `is not for sources of kind ${kind}`,
          fix: 'Remove it, and name a column with the time of the last change in `changedAt`.',
        },
      ];
    }
    // A log knows the rows of one table; those of a query are made of several.
    if (read.kind === 'table') return [];
    return [
      {
        path,
        problem: 'is for tables, and this entity reads by `sql`',
        fix: 'Give each table behind it an entity with `read: { table }` and `capture`, or remove `capture` and list the time of change of every joined table in `changedAt`.',
      },
    ];
  });
}
