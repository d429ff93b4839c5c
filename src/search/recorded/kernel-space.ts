import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import type { DeviceDescription } from '../../ir/limits.ts';
import type { Workload } from '../../operators/workload.ts';
import { outcomes } from '../../records/outcome.ts';
import { deviceSchema, workloadSchema } from '../../records/record.ts';
import { UserError } from '../../support/errors.ts';
import { median } from './recorded-space.ts';

/** The ending of our recorded spaces' file names, so that a folder can hold them beside spaces that others recorded. */
export const kernelSpaceEnding = '.space.json.gz';

const rowSchema = z.strictObject({
  /** Index of the sketch. */
  s: z.int().nonnegative(),
  /** Values of its decisions, in their order. */
  v: z.array(z.number()),
  /** Timing samples in the order taken, whole nanoseconds; a row that was measured several times holds all of them. */
  t: z.array(z.number().positive()),
  /** Its time on the quiet machine by the references beside the samples, whole nanoseconds; left out where none ran. */
  q: z.number().positive().exactOptional(),
  /** How the trial ended; left out where it is `ok`. */
  o: z.enum(outcomes).exactOptional(),
});

const spaceSchema = z.strictObject({
  format: z.literal('wgtune-space'),
  version: z.literal(1),
  recordedAt: z.iso.datetime(),
  tool: z.string(),
  workload: workloadSchema,
  device: deviceSchema,
  /** Rows are candidates drawn at random; without it they are all candidates. */
  sampled: z.literal(true).exactOptional(),
  sketches: z.array(
    z.strictObject({
      name: z.string(),
      /** The options that were recorded; the sketch may offer more. */
      decisions: z.array(z.strictObject({ name: z.string(), options: z.array(z.number()) })),
    }),
  ),
  rows: z.array(rowSchema),
});

/** One measured candidate. */
export type KernelRow = z.infer<typeof rowSchema>;

/** A row's time in nanoseconds: that on the quiet machine, else the median of its samples; null where it failed. */
export function rowTimeNs({ t, q, o }: KernelRow): number | null {
  return o !== undefined || t.length === 0 ? null : (q ?? median(t));
}

/**
 * Every candidate of a workload's space (with thinned options), measured on one device. It is one gzipped JSON file of a few bytes per
 * sample: small enough to live in a repository.
 */
export interface KernelSpace {
  readonly recordedAt: string;
  readonly tool: string;
  readonly workload: Workload;
  readonly device: DeviceDescription;
  /** Rows are some candidates, drawn at random, and not the whole space. */
  readonly sampled?: true;
  readonly sketches: readonly {
    readonly name: string;
    readonly decisions: readonly { readonly name: string; readonly options: readonly number[] }[];
  }[];
  readonly rows: readonly KernelRow[];
}

/** Writes a space to a file, whole or not at all. */
export async function writeKernelSpace(path: string, space: KernelSpace): Promise<void> {
  const text = JSON.stringify(spaceSchema.parse({ format: 'wgtune-space', version: 1, ...space }));
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomic(path, gzipSync(text, { level: 9 }));
}

/** Reads what writeKernelSpace wrote. Rejects with UserError that names the file and what is wrong. */
export async function readKernelSpace(path: string): Promise<KernelSpace> {
  let value: unknown;
  try {
    value = JSON.parse(gunzipSync(await readFile(path)).toString('utf8'));
  } catch (error) {
    throw new UserError(`${path}: it is no gzipped JSON (${(error as Error).message})`);
  }
  const parsed = spaceSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new UserError(`${path}: it is no recorded space: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
  }
  const { format: _, version: __, ...space } = parsed.data;
  for (const [at, { s, v }] of space.rows.entries())
    if (space.sketches[s]?.decisions.length !== v.length)
      throw new UserError(`${path}: row ${at} has ${v.length} values for the decisions of sketch ${s}`);
  return space;
}
