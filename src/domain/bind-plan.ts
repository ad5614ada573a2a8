/** Binds an entity of the configuration to the columns that its source has now. */

import { bindColumns, bindNames, type NamedSpec } from './bind-columns.ts';
import { refuseUncapturable } from './capture.ts';
import type { EntityPlan, EntitySpec, MirrorColumn, PieceFormat, SourceColumn } from './entity.ts';
import { SyncError } from './errors.ts';
import { decoderOf } from './pg-binary-decode.ts';
import { encoderOf } from './pg-binary-encode.ts';
import type { SourceShape } from './source-shape.ts';
import { canBeKey, isTimeType } from './types.ts';

/**
 * Source names are matched exactly first, then without regard to case when only one column fits; the plan's `spec`
 * has them as the source spells them.
 * @throws SyncError SCHEMA_CHANGED (a column is missing), TYPE_UNSUPPORTED, CONFIG_INVALID; each names the columns.
 */
export function bindPlan(spec: EntitySpec, shape: Pick<SourceShape, 'columns' | 'capture'>): EntityPlan {
  refuseUncapturable(spec, shape);
  const named = bindNames(spec, shape.columns);
  const mirrorColumns = bindColumns(named);
  const loadColumns = mirrorColumns.filter(({ role }) => role !== 'local');
  const stagingExtras = extrasOf(named);
  const readColumns = columnsToRead(named, loadColumns);
  refuseUnfit(named, mirrorColumns);
  return {
    spec: named.spec,
    readColumns,
    mirrorColumns,
    loadColumns,
    keyColumns: mirrorColumns.filter(({ keyPosition }) => keyPosition !== null).map(({ name }) => name),
    stagingExtras,
    syncSource: spec.mirror.shared ? spec.source : null,
    captureId: spec.capture ? (shape.capture?.id ?? null) : null,
    format: formatOf(named, { readColumns, loadColumns }),
  };
}

function extrasOf({ spec, column }: NamedSpec): EntityPlan['stagingExtras'] {
  const extra = (name: string, from: string) => ({ name, type: column(from).mirrorType ?? 'text', from });
  return [
    ...(spec.changedAt?.columns ?? []).map((from, i) => extra(`_changed_${i + 1}`, from)),
    ...(spec.softDelete === null ? [] : [extra('_soft_delete', spec.softDelete.column)]),
  ];
}

/**
 * What is loaded comes first and in the order of the load, so that rows that need no change can be handed on as they
 * are. `compute` may look at any column, so it makes all of them be read that have a type.
 */
function columnsToRead(named: NamedSpec, loadColumns: readonly MirrorColumn[]): SourceColumn[] {
  const { spec, column, source } = named;
  const computes = loadColumns.some(({ role }) => role === 'compute');
  const names = new Set([
    ...loadColumns.flatMap(({ from }) => from ?? []),
    ...spec.key,
    ...(spec.changedAt?.columns ?? []),
    ...(spec.softDelete === null ? [] : [spec.softDelete.column]),
    ...(computes ? source.filter(({ mirrorType }) => mirrorType !== null).map(({ name }) => name) : []),
  ]);
  return [...names].map((name) => readable(column(name), loadColumns));
}

/** A type that only the user knew how to hold is read as text. */
function readable(column: SourceColumn, loadColumns: readonly MirrorColumn[]): SourceColumn {
  if (column.mirrorType !== null) return column;
  const type = loadColumns.find(({ from }) => from === column.name)?.type ?? 'text';
  return { ...column, mirrorType: type, binaryAsIs: false };
}

function refuseUnfit({ spec, column }: NamedSpec, mirrorColumns: readonly MirrorColumn[]): void {
  for (const { name, type, keyPosition } of mirrorColumns) {
    if (keyPosition === null || canBeKey(type)) continue;
    throw invalid(
      spec,
      `${name} is ${type}, which cannot be a key`,
      'Choose key columns that are numbers, text, uuid, dates or timestamps.',
    );
  }
  for (const name of spec.changedAt?.columns ?? []) {
    const type = column(name).mirrorType ?? column(name).sourceType;
    if (isTimeType(type)) continue;
    throw invalid(
      spec,
      `changedAt ${name} is ${type}`,
      'Name a column with the date or timestamp of the row’s last change.',
    );
  }
  refuseUnfitDedupe(spec, mirrorColumns);
}

function refuseUnfitDedupe(spec: EntitySpec, mirrorColumns: readonly MirrorColumn[]): void {
  if (spec.deduplicate === null) return;
  const { by, at } = spec.deduplicate;
  const loaded = new Map(
    mirrorColumns.filter(({ role }) => role !== 'local').map(({ name, type }) => [name, type]),
  );
  const unknown = [...by, at].find((name) => !loaded.has(name));
  if (unknown !== undefined) {
    throw invalid(
      spec,
      `deduplicate names ${unknown}, which is no column of the mirror that the source fills`,
      `Name one of: ${[...loaded.keys()].join(', ')}.`,
    );
  }
  if (!isTimeType(loaded.get(at) as string)) {
    throw invalid(
      spec,
      `deduplicate.at ${at} is ${loaded.get(at)}`,
      'Name a mirror column with the date or timestamp of the row.',
    );
  }
}

function invalid(spec: EntitySpec, problem: string, remedy: string): SyncError {
  return new SyncError('CONFIG_INVALID', { message: `Entity ${spec.entity}: ${problem}`, remedy });
}

function formatOf(
  { spec, column }: NamedSpec,
  { readColumns, loadColumns }: Pick<EntityPlan, 'readColumns' | 'loadColumns'>,
): PieceFormat {
  const computed = loadColumns.filter(({ role }) => role === 'compute');
  const copied = loadColumns.filter(({ role }) => role === 'from');
  const seen = [
    ...(spec.validate === null ? [] : copied.map(({ type }) => type)),
    ...(computed.length === 0 ? [] : readColumns.map(({ mirrorType }) => mirrorType ?? 'unknown')),
  ];
  const binary =
    readColumns.every(({ binaryAsIs }) => binaryAsIs) &&
    copied.every(({ from, type }) => column(from as string).mirrorType === type) &&
    computed.every(({ type }) => encoderOf(type) !== null) &&
    seen.every((type) => decoderOf(type) !== null);
  return binary ? 'pg-binary' : 'rows';
}
