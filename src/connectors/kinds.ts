/** What sources of each kind take in the configuration: nothing here opens one, or loads a driver. */
import { z } from 'zod';
import { oracleOptions } from './oracle/config.ts';
import { postgresOptions } from './postgres/config.ts';

/** What the configuration of a source may say beside what all sources share, by kind. */
export const sourceKinds: Readonly<Record<string, z.ZodType>> = {
  oracle: oracleOptions,
  postgres: postgresOptions,
};

export type KindSetting = { readonly name: string; readonly required: boolean; readonly type: string };

export type SourceKind = { readonly kind: string; readonly settings: readonly KindSetting[] };

/** Names and types only: nobody's values. */
export function listKinds(): SourceKind[] {
  return Object.entries(sourceKinds).map(([kind, options]) => {
    const { properties = {}, required = [] } = z.toJSONSchema(options, {
      io: 'input',
      unrepresentable: 'any',
    });
    const settings = Object.entries(properties).map(([name, property]) => ({
      name,
      required: required.includes(name),
      type: typeof property === 'object' ? [property.type ?? 'any'].flat().join(' or ') : 'any',
    }));
    return { kind, settings };
  });
}
