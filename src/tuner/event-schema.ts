import { z } from 'zod';
import { outcomes } from '../records/outcome.ts';
import { deviceSchema, recordSchema, workloadSchema } from '../records/record.ts';
import { modelNames, type TuneEvent, type TuneResult } from './events.ts';

/** Version of the shape of an event stream. */
export const eventsVersion = 1;
const eventsSchemaId = `urn:wgtune:events:${eventsVersion}`;

const text = z.string();
const count = z.int().nonnegative();
const milliseconds = z.number().nonnegative();
const nanoseconds = z.number().positive();
const outcome = z.enum(outcomes);
const decisions = recordSchema.shape.decisions;
const passedOver = z.strictObject({
  file: text,
  line: z.int().positive(),
  record: text,
  medianNs: nanoseconds,
  why: text,
});
const countsByDepth = z.array(z.strictObject({ reason: text, count, depths: z.array(count) }));

const tunedKernelSchema = z.strictObject({
  trace: recordSchema.shape.trace,
  sketch: text.nullable(),
  decisions,
  timeNs: nanoseconds,
  packNs: nanoseconds.nullable(),
  record: text.describe('id of its record'),
});

const resultSchema = z.strictObject({
  workload: workloadSchema,
  device: deviceSchema,
  best: tunedKernelSchema.nullable(),
  bestFromLog: z.boolean(),
  naiveNs: nanoseconds.nullable(),
  speedup: z.number().positive().nullable(),
  flopsPerSecond: z.number().nonnegative().nullable(),
  bytesPerSecond: z.number().nonnegative().nullable(),
  trials: count,
  packing: z.strictObject({ withNs: nanoseconds, packNs: nanoseconds, withoutNs: nanoseconds.nullable() }).nullable(),
  reuse: z
    .strictObject({ devices: z.array(text), measured: count, unfit: count, bestNs: nanoseconds.nullable() })
    .nullable(),
  learning: z
    .strictObject({
      sources: z.array(z.strictObject({ name: text, records: count, weight: z.number().nullable() })),
      neighbours: z.array(text),
      neighboursNs: nanoseconds.nullable(),
      nearBestAt: z.int().positive().nullable(),
      spentMs: milliseconds,
    })
    .nullable(),
  outcomes: z.partialRecord(outcome, count),
  pruned: z.strictObject({
    looked: count,
    reasons: countsByDepth,
    judged: count,
    cut: countsByDepth,
    deaths: z.array(z.strictObject({ depth: count, reason: text, count })),
  }),
  peaks: z
    .strictObject({ flopsPerNs: z.number().positive(), bytesPerNs: z.number().positive(), lanes: z.int().positive() })
    .nullable(),
  drift: z.strictObject({ remeasured: count, drifted: count, worst: z.number().positive().nullable() }),
  disturbance: z.strictObject({ waitedMs: milliseconds, timed: count, scaled: count }).nullable(),
  race: z.strictObject({ contestants: count, decided: z.boolean() }).nullable(),
  builtAhead: z
    .strictObject({ processes: count, candidates: count, waitedMs: milliseconds, gaveUp: text.nullable() })
    .nullable(),
  elapsedMs: milliseconds,
  spentMs: z.strictObject({ measure: milliseconds, propose: milliseconds, fit: milliseconds }),
  stoppedBy: z.enum(['trials', 'time', 'patience', 'exhausted', 'interrupted']),
  search: text,
  model: z.enum(modelNames),
  seed: z.int(),
  logPath: text.nullable(),
  logFolder: text,
});

const eventSchemas = {
  note: z.strictObject({ kind: z.literal('note'), message: text }),
  device: z.strictObject({ kind: z.literal('device'), device: deviceSchema }),
  space: z.strictObject({
    kind: z.literal('space'),
    sketches: z.array(
      z.strictObject({ name: text, decisions: count, size: z.number().nonnegative().describe('before pruning') }),
    ),
  }),
  known: z.strictObject({
    kind: z.literal('known'),
    records: count,
    candidates: count,
    bestNs: nanoseconds.nullable(),
    naiveNs: nanoseconds.nullable(),
  }),
  'passed-over': z.strictObject({ kind: z.literal('passed-over'), records: z.array(passedOver) }),
  disbelieved: z.strictObject({ kind: z.literal('disbelieved'), record: text, timeNs: nanoseconds, why: text }),
  reuse: z.strictObject({ kind: z.literal('reuse'), schedules: count, unfit: count, devices: z.array(text) }),
  sources: z.strictObject({
    kind: z.literal('sources'),
    sources: z.array(z.strictObject({ name: text, records: count })),
    neighbours: z.array(text),
    spentMs: milliseconds,
  }),
  baseline: z.strictObject({
    kind: z.literal('baseline'),
    timeNs: nanoseconds.nullable(),
    outcome,
    error: text,
    fromLog: z.boolean(),
  }),
  drift: z.strictObject({
    kind: z.literal('drift'),
    beforeNs: nanoseconds,
    timeNs: nanoseconds,
    ratio: z.number().positive(),
  }),
  trial: z.strictObject({
    kind: z.literal('trial'),
    trial: z.int().positive(),
    of: z.int().positive(),
    sketch: text,
    decisions,
    outcome,
    error: text,
    timeNs: nanoseconds.nullable(),
    bestNs: nanoseconds.nullable().describe('of this run and the logs together'),
    improved: z.boolean(),
    naiveNs: nanoseconds.nullable(),
    elapsedMs: milliseconds,
    remainingMs: milliseconds.nullable().describe('an estimate'),
  }),
  learned: z.strictObject({ kind: z.literal('learned'), round: count, observations: count, fitMs: milliseconds }),
} as const satisfies Record<TuneEvent['kind'], z.ZodType>;

/** The first line of a run. */
const startSchema = z.strictObject({
  kind: z.literal('start'),
  schema: z.literal(eventsSchemaId),
  version: z.literal(eventsVersion),
  tool: text,
  argv: z.array(text),
  startedAt: z.iso.datetime(),
  workload: workloadSchema,
});

/** The last line of a run: what it found, or why it failed. */
const resultLineSchema = z.strictObject({
  kind: z.literal('result'),
  result: resultSchema,
  commands: z.array(text).describe('to go on with'),
});
const failedSchema = z.strictObject({ kind: z.literal('failed'), message: text, exitCode: z.int().positive() });

const atMs = { atMs: milliseconds.describe('since the run began') };
export const eventLineSchema = z.discriminatedUnion('kind', [
  startSchema.extend(atMs),
  eventSchemas.note.extend(atMs),
  eventSchemas.device.extend(atMs),
  eventSchemas.space.extend(atMs),
  eventSchemas.known.extend(atMs),
  eventSchemas['passed-over'].extend(atMs),
  eventSchemas.disbelieved.extend(atMs),
  eventSchemas.reuse.extend(atMs),
  eventSchemas.sources.extend(atMs),
  eventSchemas.baseline.extend(atMs),
  eventSchemas.drift.extend(atMs),
  eventSchemas.trial.extend(atMs),
  eventSchemas.learned.extend(atMs),
  resultLineSchema.extend(atMs),
  failedSchema.extend(atMs),
]);

/** Fail to compile where an event or the result has a field that the schema lacks, or the other way round. */
type Loose<T> = T extends readonly (infer Item)[]
  ? readonly Loose<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Loose<T[Key]> }
    : T;
type Fits<Value, Schema extends z.ZodType> = [Value] extends [Loose<z.infer<Schema>>]
  ? [keyof z.infer<Schema>] extends [keyof Value]
    ? true
    : never
  : never;
const agrees: {
  readonly [Kind in TuneEvent['kind']]: Fits<Extract<TuneEvent, { readonly kind: Kind }>, (typeof eventSchemas)[Kind]>;
} & { readonly result: Fits<TuneResult, typeof resultSchema> } = {
  ...{
    note: true,
    device: true,
    space: true,
    known: true,
    'passed-over': true,
    disbelieved: true,
    reuse: true,
    sources: true,
  },
  ...{ baseline: true, drift: true, trial: true, learned: true, result: true },
};
void agrees;

/** JSON Schema (draft 2020-12) of one line of an event stream; `tuning-logs/events-v1.schema.json` is its text. */
export function eventsJsonSchema(): Record<string, unknown> {
  return {
    $id: eventsSchemaId,
    title: `wgtune events, version ${eventsVersion}`,
    description:
      'One line of `wgtune tune --events`. Each run begins with a line of kind "start" and ends with one of kind "result" or "failed"; between them come its events in order. Times in nanoseconds, durations in milliseconds.',
    ...z.toJSONSchema(eventLineSchema, { unrepresentable: 'any' }),
  };
}
