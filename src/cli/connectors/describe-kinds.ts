// connectors kinds: every kind of upstream, with its settings as their schemas say.
import { z } from 'zod';
import { CONNECTOR_KINDS, kindOf } from '../../federation/connectors.ts';
import { commonSettings, secretReference } from '../../federation/settings.ts';
import { printJson, printTable } from '../print.ts';

/** The parts of JSON Schema with which zod describes our settings. */
const described = z.object({
  type: z.string().optional(),
  format: z.string().optional(),
  pattern: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  default: z.unknown().optional(),
  get items() {
    return described.optional();
  },
  get anyOf() {
    return z.array(described).optional();
  },
  get additionalProperties() {
    return z.union([z.boolean(), described]).optional();
  },
  get properties() {
    return z.record(z.string(), described).optional();
  },
  required: z.array(z.string()).optional(),
});
type Described = z.infer<typeof described>;

const SECRET = z.toJSONSchema(secretReference).pattern;

/** Prints all kinds, or one of them. */
export function printKinds(kind: string | undefined, json: boolean): void {
  const names = kind === undefined ? Object.keys(CONNECTOR_KINDS) : [kind];
  const kinds = names.map((name) => {
    const { title, scopes, settings } = kindOf(name);
    return { kind: name, title, scopes, settings };
  });
  if (json) {
    const every = { kind: null, title: 'Every kind', scopes: [], settings: commonSettings.shape };
    const all = [...kinds, every].map((one) => ({ ...one, settings: schemaOf(one.settings) }));
    printJson(all);
    return;
  }
  const rows = kinds.flatMap(({ kind: name, title, settings }) => {
    const [first = ['-', '', ''], ...more] = rowsOf(settings);
    return [[name, title, ...first], ...more.map((row) => ['', '', ...row])];
  });
  const [first = [], ...more] = rowsOf(commonSettings.shape);
  rows.push(['(every kind)', '', ...first], ...more.map((row) => ['', '', ...row]));
  printTable(['KIND', 'NAME', 'SETTING', 'VALUE', 'DEFAULT'], rows, '');
}

function schemaOf(settings: z.ZodRawShape): unknown {
  return z.toJSONSchema(z.strictObject(settings), { io: 'input', unrepresentable: 'any' });
}

function rowsOf(settings: z.ZodRawShape): string[][] {
  const { properties = {}, required = [] } = described.parse(schemaOf(settings));
  return Object.entries(properties).map(([name, schema]) => [
    name,
    wordsOf(schema),
    required.includes(name) ? '(required)' : defaultOf(schema),
  ]);
}

function defaultOf({ default: value }: Described): string {
  return value === undefined || typeof value === 'object' ? '' : String(value);
}

function wordsOf(schema: Described): string {
  const { anyOf, const: only } = schema;
  if (anyOf) return anyOf.map(wordsOf).join(' | ');
  if (schema.enum) return schema.enum.join(' | ');
  if (only !== undefined) return String(only);
  return wordsOfMany(schema) ?? wordsOfOne(schema);
}

function wordsOfMany({ items, properties, additionalProperties }: Described): string | undefined {
  if (items) return `list of ${wordsOf(items)}`;
  if (properties) return `.${Object.keys(properties).join(', .')}`;
  if (typeof additionalProperties !== 'object') return undefined;
  return `.name = ${wordsOf(additionalProperties)}`;
}

function wordsOfOne({ format, pattern, type }: Described): string {
  if (type === 'boolean') return 'true | false';
  if (pattern === SECRET) return 'env:GATEHOUSE_CONNECTOR_... | file:/...';
  return format === 'uri' ? 'URL' : 'text';
}
