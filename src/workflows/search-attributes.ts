/** Our search attributes with their types; upserted when they change, never per progress. */
import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import { searchAttributes } from '../domain/search-attributes.ts';

type Name = keyof typeof searchAttributes;

/** Attributes without a value are left as they are. */
export function attributes(values: Partial<Record<Name, string | undefined>>): SearchAttributePair[] {
  return (Object.keys(searchAttributes) as Name[]).flatMap((name) => {
    const value = values[name];
    if (value === undefined) return [];
    return [{ key: defineSearchAttributeKey(searchAttributes[name], 'KEYWORD'), value }];
  });
}
