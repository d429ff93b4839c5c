import { z } from 'zod';
import type { DeviceDescription } from '../ir/limits.ts';
import type { Workload } from '../operators/workload.ts';
import type { Trace } from '../schedule/trace.ts';
import { outcomes, type Verification } from './outcome.ts';
import { type RelativeTime, referencesSchema, relativeTimeSchema } from './relative-time.ts';
import { beamSchema, count, launchSchema, milliseconds, name, roundPruningSchema } from './run-account.ts';

/** Version of the record's shape. A reader knows this one and, through `migrate.ts`, all older ones. */
export const recordVersion = 2;

/** Kernels that a race may have. */
export const mostContestants = 64;
/** Deepest nesting of a primitive's argument; real ones nest twice. Keeps a hostile line from exhausting a stack later. */
const maxArgumentDepth = 8;

const nanoseconds = z.number().positive();

export const workloadSchema = z.strictObject({
  operator: name,
  params: z.record(name, z.int()),
  attributes: z.record(name, z.string().max(10_000)),
  dtype: z.enum(['f32', 'f16']),
});

const stepSchema = z.strictObject({
  primitive: name,
  args: z.record(
    name,
    z.unknown().refine((value) => isJson(value, maxArgumentDepth), {
      error: `a number beyond all bounds, or nested deeper than ${maxArgumentDepth}`,
    }),
  ),
});

const traceSchema = z.strictObject({ version: z.literal(1), steps: z.array(stepSchema) });

/** Element types of the matrices that kernels here can use. */
const matrixDType = z.enum(['f32', 'f16', 'i32', 'u32']);

const limitsSchema = z.strictObject({
  maxComputeInvocationsPerWorkgroup: count,
  maxComputeWorkgroupSizeX: count,
  maxComputeWorkgroupSizeY: count,
  maxComputeWorkgroupSizeZ: count,
  maxComputeWorkgroupStorageSize: count,
  maxComputeWorkgroupsPerDimension: count,
  maxStorageBufferBindingSize: count,
  maxBufferSize: count,
  maxStorageBuffersPerShaderStage: count,
  subgroupMinSize: count,
  subgroupMaxSize: count,
  subgroupMatrix: z
    .strictObject({
      orderAs: z.enum(['argument', 'template']),
      configs: z.array(z.strictObject({ component: matrixDType, result: matrixDType, m: count, n: count, k: count })),
    })
    .exactOptional(),
});

export const deviceSchema = z.strictObject({
  name,
  vendor: z.string(),
  architecture: z.string(),
  device: z.string(),
  description: z.string(),
  backend: z.string(),
  driver: z.string(),
  type: z.enum(['cpu', 'gpu']),
  dawnVersion: z.string(),
  profile: z.enum(['browser', 'native']),
  toggles: z.array(z.string()),
  features: z.array(z.string()),
  limits: limitsSchema,
  environment: z.record(name, z.string()),
});

const verificationSchema = z.strictObject({
  checked: count,
  wrong: count,
  maxError: z.number().nonnegative(),
  firstWrong: z
    .strictObject({
      buffer: name,
      index: count,
      expected: z.union([z.number(), z.string()]),
      got: z.union([z.number(), z.string()]),
      inputs: name.exactOptional(),
    })
    .exactOptional(),
  further: z.array(name).exactOptional(),
});

/** Who proposed a trial: the search, a schedule it is compared with, one read from a log or file, or a person. */
export const origins = ['search', 'baseline', 'seed', 'replay', 'transfer'] as const;
export type Origin = (typeof origins)[number];

/** One line of a tuning log: everything needed to repeat the trial, to learn from it, and to know how far to believe it. */
export const recordSchema = z
  .strictObject({
    version: z.literal(recordVersion),
    /** Unique: name of the run and the trial's number in it. */
    id: name,
    /** Name of the run, which is its file's name without the ending. */
    run: name,
    /** Number of the trial in its run, from 0. */
    trial: count,
    startedAt: z.iso.datetime(),
    durationMs: milliseconds,
    /**
     * Where the duration went; `total` is the runner's part of it. Parts of `time` are `kernel`, in which the kernels ran, by the clock, and
     * `wait`, in which the runner waited for the machine to be quiet. `ahead`, not in the total, is what another process spent on building
     * the candidate before the trial; absent where nothing was built ahead. `pack`: one run, by the clock, of the kernels that run once for all
     * runs with the same constant inputs, which no sample holds; absent where there are none.
     */
    phasesMs: z.strictObject({
      build: milliseconds,
      verify: milliseconds,
      time: milliseconds,
      total: milliseconds,
      kernel: milliseconds.exactOptional(),
      wait: milliseconds.exactOptional(),
      ahead: milliseconds.exactOptional(),
      pack: milliseconds.exactOptional(),
    }),
    /** What wrote the record, and in the first record of a run how that was started. Dawn's version is the device's. */
    tool: z.strictObject({
      version: z.string(),
      node: z.string(),
      platform: z.string(),
      arch: z.string(),
      launch: launchSchema.exactOptional(),
    }),
    workload: workloadSchema,
    device: deviceSchema,
    origin: z.enum(origins),
    /** How the search came to the candidate; null for a trial that no search proposed. */
    search: z
      .strictObject({
        name,
        model: name,
        /** Measured round, from 0. */
        round: count,
        /** The model's score of it before the trial; comparable within one round only. */
        score: z.number().nullable(),
        /** In the first record of a round, as are the following. */
        pruned: roundPruningSchema.exactOptional(),
        beams: z.array(beamSchema).exactOptional(),
        /** What choosing this round's candidates took, and learning from the round before. */
        spentMs: z.strictObject({ propose: milliseconds, fit: milliseconds }).exactOptional(),
      })
      .nullable(),
    seed: z.int(),
    /** Name of the sketch, null for a schedule that comes from none. */
    sketch: name.nullable(),
    decisions: z.record(name, z.union([z.number(), z.string()])),
    trace: traceSchema,
    /** Hash of the WGSL that was run: shows whether a later version still makes the same kernel from the trace. Null if none was made. */
    kernelHash: name.nullable(),
    outcome: z.enum(outcomes),
    /** Full error text; empty when the outcome is `ok`. */
    error: z.string(),
    /** Which rule refused the schedule; there exactly when the outcome is `refused`. */
    refusal: z.strictObject({ reason: name, message: z.string() }).nullable(),
    /** Nanoseconds of one run of all kernels, one number per sample. */
    samplesNs: z.array(nanoseconds),
    medianNs: nanoseconds.nullable(),
    clock: z.enum(['timestamp', 'wall']).nullable(),
    stoppedEarly: z.boolean(),
    verification: verificationSchema.nullable(),
    /** The record whose time this measurement of the same schedule disproves, by its id, and why; null for a trial that refutes none. */
    refutes: z.strictObject({ record: name, reason: z.string().max(1000) }).nullable(),
    /** The most that the run had measured its device to do (`tuner/peaks.ts`), margin included; null where it had measured no peaks. */
    peaks: z
      .strictObject({ flopsPerNs: z.number().positive(), bytesPerNs: z.number().positive(), lanes: z.int().positive() })
      .nullable(),
    /** The kernel's time on the quiet machine, see RelativeTime: this is what is compared. Null where no reference ran beside the kernel. */
    relative: relativeTimeSchema.nullable(),
    /** Nanoseconds of one pass of each reference, beside each sample. */
    references: referencesSchema.nullable(),
    /**
     * The race at the end of a run: its fastest kernels and the naive schedule, timed in turn until their order was decided or the time for it
     * was over. `of`: ids of the records of all that took part; `place`: from 1, which is the winner's.
     */
    race: z
      .strictObject({ place: z.int().positive(), of: z.array(name).max(mostContestants), decided: z.boolean() })
      .nullable(),
  })
  .refine((record) => (record.outcome === 'refused') === (record.refusal !== null), {
    error: 'refusal is there exactly when the outcome is refused',
    path: ['refusal'],
  })
  .refine((record) => (record.medianNs === null) === (record.samplesNs.length === 0), {
    error: 'medianNs is there exactly when there are samples',
    path: ['medianNs'],
  })
  .refine((record) => record.outcome !== 'ok' || record.medianNs !== null, {
    error: 'an ok trial has a time',
    path: ['medianNs'],
  });

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

export type TuningRecord = DeepReadonly<z.infer<typeof recordSchema>>;

export type RoundPruning = DeepReadonly<z.infer<typeof roundPruningSchema>>;

/** What the first record of a round says of the whole round. */
export type RoundAccount = Pick<NonNullable<TuningRecord['search']>, 'pruned' | 'beams' | 'spentMs'>;

/** How a run was started. */
export type Launch = NonNullable<TuningRecord['tool']['launch']>;

/** The schema repeats what other layers declare; these lines fail to compile when the two drift apart, in either direction. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
type Field<Key extends keyof TuningRecord> = NonNullable<TuningRecord[Key]>;
const agrees: readonly [
  Same<Field<'workload'>, Workload>,
  Same<Field<'device'>, DeviceDescription>,
  Same<Field<'trace'>, Trace>,
  Same<Field<'verification'>, Verification>,
  Same<Field<'relative'>, RelativeTime>,
] = [true, true, true, true, true];
void agrees;

/** Whether the record's time may be believed: the trial ended well, and its outputs were compared and were all right. */
export function isVerified<Judged extends Pick<TuningRecord, 'outcome' | 'verification' | 'medianNs'>>(
  record: Judged,
): record is Judged & { readonly medianNs: number } {
  const { outcome, verification, medianNs } = record;
  return (
    outcome === 'ok' &&
    medianNs !== null &&
    verification !== null &&
    verification.checked > 0 &&
    verification.wrong === 0
  );
}

/** A record that `isVerified` lets through. */
export type VerifiedRecord = TuningRecord & { readonly medianNs: number };

/**
 * JSON Schema (draft 2020-12) of one line, for readers in other languages; `tuning-logs/record-v2.schema.json` is its text. Rules that join two
 * fields are not in it.
 */
export function recordJsonSchema(): Record<string, unknown> {
  return {
    $id: `urn:wgtune:record:${recordVersion}`,
    title: `wgtune tuning record, version ${recordVersion}`,
    description:
      'One line of a tuning log: one trial, whatever became of it. Times in nanoseconds, durations in milliseconds.',
    ...z.toJSONSchema(recordSchema, { unrepresentable: 'any' }),
  };
}

/** JSON reads 1e999 as infinity, which it cannot write and of which no key can be made. */
function isJson(value: unknown, depth: number): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  return Object.values(value).every((item) => isJson(item, depth - 1));
}
