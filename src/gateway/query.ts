/** Query strings: `filter[region]=EU` is an entry of `filter`; a name that comes twice is a list, which schemas refuse. */

type Query = Record<string, unknown>;

/** Without prototype, so that no name means more than a name. */
const empty = (): Query => Object.create(null) as Query;

const ENTRY = /^([^[\]]{1,100})\[([^[\]]{1,200})\]$/;

export function parseQuery(text: string): Query {
  const query = empty();
  for (const [name, value] of new URLSearchParams(text)) {
    const match = ENTRY.exec(name);
    if (match === null) {
      put(query, name, value);
      continue;
    }
    const [, group, entry] = match as unknown as [string, string, string];
    const entries = query[group];
    if (entries === undefined) put(query, group, empty());
    const known = query[group];
    if (typeof known === 'object' && known !== null && !Array.isArray(known))
      put(known as Query, entry, value);
    else put(query, group, value);
  }
  return query;
}

function put(into: Query, name: string, value: unknown): void {
  const known = into[name];
  if (known === undefined) into[name] = value;
  else into[name] = Array.isArray(known) ? [...known, value] : [known, value];
}
