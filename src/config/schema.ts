import { z, type ZodType } from 'zod';
import { expected } from './expected.js';
import { options, type OptionSpec } from './options.js';

/** Validates one setting's value; never converts. */
export function valueSchema(option: OptionSpec): ZodType {
  const error = expected(option);
  switch (option.type) {
    case 'boolean':
      return z.boolean({ error });
    case 'integer':
      return orNull(option, z.int({ error }).min(option.min, { error }).max(option.max, { error }));
    case 'number':
      return orNull(option, z.number({ error }).min(option.min, { error }).max(option.max, { error }));
    case 'choice':
      return z.enum(option.choices, { error });
    case 'list':
      return option.choices ? z.array(z.enum(option.choices, { error }), { error }).min(1, { error }) : z.array(z.string({ error }).min(1, { error }), { error });
    case 'map':
      return z.record(z.string().min(1), option.values === 'address' ? z.string().min(1) : z.record(z.string(), z.unknown()), { error });
    case 'text': {
      const text = z.string({ error }).min(1, { error });
      return orNull(option, option.pattern === undefined ? text : text.regex(new RegExp(option.pattern), { error }));
    }
  }
}

function orNull(option: OptionSpec, schema: ZodType): ZodType {
  return option.default === null ? schema.nullable() : schema;
}

/** Settings that may stand in a configuration file. */
export const fileOptions: readonly OptionSpec[] = (options as readonly OptionSpec[]).filter((option) => option.flagOnly !== true);

/** A whole configuration file: every key optional, no other key. `$schema` lets editors check it. */
export function configFileSchema(): z.ZodObject {
  const shape: Record<string, ZodType> = { $schema: z.string().optional() };
  for (const option of fileOptions) {
    shape[option.key] = valueSchema(option).optional().meta({ description: option.doc, default: option.default });
  }
  return z.strictObject(shape);
}

/** JSON Schema (draft 2020-12) of any zod schema: of the configuration file, of the manifest. */
export function toJsonSchema(schema: ZodType, title: string): Record<string, unknown> {
  return { ...z.toJSONSchema(schema, { io: 'input' }), title };
}
