/** Hostile requests of every call that the API's description names: in each parameter, each field, each body. */
import { HOSTILE_HEADERS, hostileBodies, RAW_PARTS, TEXTS, VALUES } from './hostile-texts.ts';

export type HostileRequest = {
  /** What is hostile about it. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  /** Who may make the call: nobody else's request would get as far. */
  readonly roles: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
};

type Schema = {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly minItems?: number;
};
type Parameter = { readonly name: string; readonly in: string };
type Operation = {
  readonly 'x-roles'?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
};
export type ApiDocument = { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> };

export type HostileOptions = {
  readonly document: ApiDocument;
  /** Good values of parameters of paths, by name, so that the request gets past them. */
  readonly good: Readonly<Record<string, string>>;
  readonly maxBodyBytes: number;
};

type Call = {
  readonly method: string;
  readonly path: string;
  readonly good: Readonly<Record<string, string>>;
  readonly roles: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly schema: Schema | null;
};

export function hostileRequests({ document, good, maxBodyBytes }: HostileOptions): HostileRequest[] {
  const bodies = hostileBodies(maxBodyBytes);
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(
      ([method, { parameters = [], requestBody, 'x-roles': roles = [] }]) => {
        const schema = Object.values(requestBody?.content ?? {})[0]?.schema ?? null;
        const call: Call = { method: method.toUpperCase(), path, good, roles, parameters, schema };
        const whole = bodies.map(({ name, bytes, headers = {} }) =>
          requestOf(call, { name: `body: ${name}`, headers, body: bytes }),
        );
        return [
          ...inPath(call),
          ...inQuery(call),
          ...inHeaders(call),
          ...(schema === null ? [] : whole),
          ...inBody(call),
        ];
      },
    ),
  );
}

type Given = {
  readonly name: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
};

/** With good values in all other places. */
function requestOf({ method, path, good, roles, schema }: Call, given: Given): HostileRequest {
  const values = { ...good, ...given.params };
  const filled = path.replace(/\{(\w+)\}/g, (_whole, name: string) => values[name] ?? 'x');
  const body = given.body ?? (schema === null ? null : Buffer.from(goodText(schema)));
  return {
    name: `${method} ${path} ${given.name}`,
    method,
    roles,
    path: given.query === undefined ? filled : `${filled}?${given.query}`,
    headers: given.headers ?? (body === null ? {} : { 'content-type': 'application/json' }),
    body,
  };
}

const encoded = (): string[] => [...TEXTS.map(encodeURIComponent), ...RAW_PARTS];

function inPath(call: Call): HostileRequest[] {
  return namesOf(call, 'path').flatMap((name) =>
    encoded().map((text) =>
      requestOf(call, { name: `path ${name}: ${text.slice(0, 40)}`, params: { [name]: text } }),
    ),
  );
}

function inQuery(call: Call): HostileRequest[] {
  // What is read only is cheap to ask for; anything else does its work, whatever stands behind the question mark.
  const others = call.method === 'GET' ? ['unknown', 'filter[x]', '__proto__', 'filter[__proto__]'] : [];
  const names = [...namesOf(call, 'query'), ...others];
  const each = names.flatMap((name) =>
    encoded().map((text) =>
      requestOf(call, { name: `query ${name}: ${text.slice(0, 40)}`, query: `${name}=${text}` }),
    ),
  );
  const many = requestOf(call, { name: 'query: many', query: 'a=1&'.repeat(1_500) });
  const twice = names.map((name) =>
    requestOf(call, { name: `query ${name} twice`, query: `${name}=1&${name}=2` }),
  );
  return [...each, many, ...twice];
}

function inHeaders(call: Call): HostileRequest[] {
  return HOSTILE_HEADERS.map((headers) => {
    const type = call.schema === null ? {} : { 'content-type': 'application/json' };
    return requestOf(call, {
      name: `header ${Object.keys(headers).join()}`,
      headers: { ...type, ...headers },
    });
  });
}

function inBody(call: Call): HostileRequest[] {
  const { schema } = call;
  if (schema === null) return [];
  return fieldsOf(schema).flatMap((field) => {
    const named = (what: string, values: readonly string[]): HostileRequest =>
      requestOf(call, {
        name: `field ${field.join('.')}: ${what}`,
        body: Buffer.from(goodText(schema, { field, values })),
      });
    // Each item of a list is judged by itself, and may cost a workflow: all in one request.
    return field.includes(ITEM)
      ? [named('all values', VALUES.filter(isForOneField))]
      : VALUES.map((value) => named(value.slice(0, 40), [value]));
  });
}

/** Others refuse the whole body, wherever they stand in it. */
function isForOneField(value: string): boolean {
  return !/__proto__|prototype|\[{20}/.test(value);
}

function namesOf({ parameters }: Call, place: string): string[] {
  return parameters.filter((each) => each.in === place).map(({ name }) => name);
}

type Change = {
  readonly field: readonly string[];
  /** More than one: an item of the list for each. */
  readonly values: readonly string[];
};

/** Stands for an item of a list among the names of fields. */
const ITEM = '[]';

/** A row where the schema says nothing: what a push takes. */
const ROW: Schema = {
  type: 'object',
  properties: {
    entity: { const: 'orders' },
    newDocumentState: {
      type: 'object',
      properties: { id: { type: 'string' }, title: { type: 'string' }, qty: { type: 'number' } },
    },
    hlc: { type: 'string' },
  },
};

function resolved(schema: Schema): Schema {
  const [first] = schema.anyOf ?? schema.oneOf ?? [];
  if (first !== undefined) return resolved(first);
  return schema.type === undefined && schema.properties === undefined && schema.const === undefined
    ? ROW
    : schema;
}

/** JSON that the schema accepts, more or less; one field of it has the value of `change`. */
function goodText(schema: Schema, change?: Change): string {
  if (change !== undefined && change.field.length === 0) return change.values[0] as string;
  const { properties, items, const: constant, enum: values, type } = resolved(schema);
  const below = (name: string): Change | undefined =>
    change?.field[0] === name ? { ...change, field: change.field.slice(1) } : undefined;
  if (properties !== undefined) {
    const parts = Object.entries(properties).map(
      ([name, each]) => `${JSON.stringify(name)}:${goodText(each, below(name))}`,
    );
    return `{${parts.join()}}`;
  }
  if (constant !== undefined) return JSON.stringify(constant);
  if (values !== undefined) return JSON.stringify(values[0]);
  const [kind] = [type].flat();
  if (kind === 'array') {
    const item = below(ITEM);
    const each = item?.values.map((value) => goodText(items ?? {}, { ...item, values: [value] }));
    return `[${(each ?? [goodText(items ?? {})]).join()}]`;
  }
  if (kind === 'number' || kind === 'integer') return '1';
  if (kind === 'boolean') return 'true';
  return kind === 'object' ? '{}' : '"1"';
}

/** The whole, each of its properties, and theirs. */
function fieldsOf(schema: Schema): string[][] {
  const { properties, items, type } = resolved(schema);
  const below = (name: string, each: Schema): string[][] => fieldsOf(each).map((rest) => [name, ...rest]);
  if (properties !== undefined) {
    return [[], ...Object.entries(properties).flatMap(([name, each]) => below(name, each))];
  }
  return type === 'array' ? [[], ...below(ITEM, items ?? {})] : [[]];
}
