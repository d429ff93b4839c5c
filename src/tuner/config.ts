import { z } from 'zod';
import { nearestNames } from '../support/nearest.ts';
import { type Refusal, refuse } from '../support/refusal.ts';
import { isModelFile, modelNames, searchNames } from './events.ts';

const text = z.string().min(1);
const wholeFrom = (least: number): z.ZodInt => z.int().min(least);
const seconds = z.number().positive();

const budgetShape = {
  trials: wholeFrom(1).optional().describe('candidates to measure'),
  timeLimit: seconds.optional().describe('seconds after which no trial begins'),
  patience: wholeFrom(1).optional().describe('end after so many trials in a row that bring no new best'),
};

const workloadSchema = z.strictObject({
  operator: text.describe('a name from `wgtune ops`, or the path of a module that defines an operator'),
  shape: z
    .union([text, z.record(text, z.union([z.number(), z.boolean()]))], {
      error: 'it is a text like "m=128,n=128", or an object of sizes by name like { m: 128, n: 128 }',
    })
    .optional(),
  dtype: z.enum(['f32', 'f16']).optional(),
  attributes: z.record(text, z.string()).optional(),
  epilogue: text.optional(),
  constant: z
    .union([text, z.array(text)], { error: "it is an input's name, or a list of names" })
    .optional()
    .describe('inputs that hold the same values in every run'),
  ...budgetShape,
  export: text.optional().describe('folder of the bundle that the app uses'),
});

const configSchema = z.strictObject({
  log: text.optional().describe('folder of the tuning logs'),
  device: text.optional().describe('a name from `wgtune devices`'),
  profile: z.enum(['browser', 'native']).optional(),
  cold: z.boolean().optional(),
  ...budgetShape,
  trialTimeout: seconds.optional(),
  quietWait: z.number().nonnegative().optional(),
  seed: wholeFrom(0)
    .max(2 ** 31 - 1)
    .optional(),
  search: z.enum(searchNames).optional(),
  model: text
    .refine((name) => modelNames.some((known) => known === name) || isModelFile(name), {
      error: `no model; it may be ${modelNames.join(', ')}, or the path of a file that \`wgtune learn\` wrote`,
    })
    .optional(),
  workloads: z.array(workloadSchema).optional().describe('what `wgtune tune` and `wgtune check` work on'),
});

/** What `wgtune.config.{ts,mjs,json}` holds: defaults of the command line's options, and the workloads of a project. Paths are relative to the file. */
export type Config = z.input<typeof configSchema>;
export type ConfigWorkload = z.input<typeof workloadSchema>;

/**
 * Types what a configuration file exports, and returns it as it is.
 *
 *     import { defineConfig } from 'wgtune';
 *     export default defineConfig({ trials: 200, workloads: [{ operator: 'matmul', shape: { m: 128, n: 128, k: 128 } }] });
 */
export function defineConfig(config: Config): Config {
  return config;
}

/** What a file holds, checked; a refusal that names the key. */
export function checkedConfig(value: unknown): Config | Refusal {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse(
      'wrong-shape',
      () => `it holds ${kindOf(value)}, where an object of keys such as workloads is expected`,
    );
  const result = configSchema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const key = (issue?.path ?? []).join('.');
  if (issue?.code === 'unrecognized_keys') {
    const [unknown = ''] = issue.keys;
    const known = key === '' ? configSchema.keyof().options : workloadSchema.keyof().options;
    const [near] = nearestNames(unknown, known, 1);
    const meant = near === undefined ? `it may be ${known.join(', ')}` : `did you mean ${near}?`;
    return refuse('unknown-key', () => `${key === '' ? '' : `${key}.`}${unknown} is no key; ${meant}`);
  }
  return refuse('wrong-shape', () => `${key}: ${issue?.message ?? 'wrong shape'}`);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
