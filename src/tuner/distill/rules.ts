import { z } from 'zod';
import type { DeviceDescription } from '../../ir/limits.ts';
import type { Workload } from '../../operators/workload.ts';
import { namesPrototype } from '../../records/log-reader.ts';
import { type Refusal, refuse } from '../../support/refusal.ts';

/*
 * Rules that choose a schedule for a shape: the nodes of one tree in a list, each child behind its parent, and the schedules its leaves name. A
 * schedule is a sketch with its decisions; what is not legal for a shape is refitted to the nearest that is (space/refit.ts).
 */

const rulesVersion = 1;

/** The deepest tree that anybody can read; a hostile file must not hold a deeper one. */
const deepestTree = 12;
const mostSchedules = 256;
const mostNodes = 4096;

const name = z.string().min(1).max(200);
const index = z.int().nonnegative();
const ratio = z.number().positive();

const scheduleSchema = z.strictObject({
  sketch: name,
  decisions: z.record(name, z.union([z.number(), z.string().max(200)])),
  /** Decisions are then adapted to the shape by what is known of machines (tuner/refitted.ts). */
  adapted: z.literal(true).optional(),
});

/** What a node may ask: the logarithm (base 2) of a size, of a limit of the device or of a number of its environment. */
const featureSchema = z.strictObject({
  name: z.string().min(1).max(200),
  from: z.enum(['size', 'limit', 'environment']),
  of: z.string().regex(/^[A-Za-z_]\w{0,99}$/, 'no name'),
});

const nodeSchema = z.union([
  z.strictObject({
    kind: z.literal('split'),
    feature: index,
    /** Shapes below it go to `yes`. */
    below: z.number(),
    yes: index,
    no: index,
  }),
  z.strictObject({
    kind: z.literal('leaf'),
    /** Schedules, the best first: one whose sketch a shape does not have is passed over. */
    order: z.array(index).min(1).max(mostSchedules),
    cases: index,
  }),
]);

const figureSchema = z.strictObject({
  cases: index,
  /** Of them those whose time was estimated and not measured. */
  estimated: index,
  /** Time over the best known, less one. */
  mean: z.number().nonnegative(),
  worst: z.number().nonnegative(),
});

const evidenceSchema = z.strictObject({
  workload: z.string().max(20_000),
  device: z.string().max(1000),
  bestNs: ratio,
  schedule: index,
  /** Time of the chosen schedule over the best known. */
  ratio,
  estimated: z.boolean(),
  /** The same where nothing of the shape was known when the rules were made; null where no schedule fitted. */
  leftOut: z.strictObject({ ratio, estimated: z.boolean() }).nullable(),
});

const rulesSchema = z
  .strictObject({
    kind: z.literal('wgtune-rules'),
    version: z.literal(rulesVersion),
    tool: z.string().max(100),
    operator: name,
    features: z.array(featureSchema).max(500),
    schedules: z.array(scheduleSchema).min(1).max(mostSchedules),
    nodes: z.array(nodeSchema).min(1).max(mostNodes),
    known: figureSchema,
    leftOut: figureSchema.nullable(),
    /** By what factor estimates err, where any were made. */
    estimateError: z.number().positive().nullable(),
    evidence: z.array(evidenceSchema).max(10_000),
  })
  .superRefine(({ nodes, features, schedules }, context) => {
    const wrong = (message: string, at: number): void =>
      context.addIssue({ code: 'custom', message, path: ['nodes', at] });
    const depths = new Map([[0, 0]]);
    for (const [at, node] of nodes.entries()) {
      const depth = depths.get(at);
      if (depth === undefined) return wrong('no node leads to it', at);
      if (depth > deepestTree) return wrong(`deeper than ${deepestTree} questions`, at);
      if (node.kind === 'leaf') {
        if (node.order.some((schedule) => schedule >= schedules.length)) return wrong('names no schedule', at);
        continue;
      }
      if (node.feature >= features.length) return wrong('names no feature', at);
      for (const child of [node.yes, node.no]) {
        if (child <= at || child >= nodes.length || depths.has(child)) return wrong('is not part of a tree', at);
        depths.set(child, depth + 1);
      }
    }
  });

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

export type Rules = DeepReadonly<z.infer<typeof rulesSchema>>;
export type RuleSchedule = Rules['schedules'][number];
export type RuleFeature = Rules['features'][number];
export type RuleNode = Rules['nodes'][number];
export type RuleFigure = Rules['known'];
export type RuleEvidence = Rules['evidence'][number];

/** Rules from the text of a file, which may be a stranger's: refused with what is wrong. */
export function parseRules(text: string): Rules | Refusal {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse('not-json', () => `not JSON: ${(error as Error).message.slice(0, 120)}`);
  }
  if (typeof value === 'object' && value !== null && 'version' in value && Number(value.version) > rulesVersion)
    return refuse(
      'newer',
      () =>
        `these rules are of version ${String((value as { version: unknown }).version)}, and this wgtune reads up to ${rulesVersion}; update wgtune`,
    );
  if (namesPrototype(text)) return refuse('wrong-shape', () => 'no rules: a key is named __proto__');
  const parsed = rulesSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return refuse('wrong-shape', () => `no rules: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong shape'}`);
}

/** What the features of rules say of a workload on a device; NaN where there is no such number. */
export function featureValue(
  { from, of }: RuleFeature,
  { params }: Pick<Workload, 'params'>,
  { limits, environment }: Pick<DeviceDescription, 'limits' | 'environment'>,
): number {
  const facts = from === 'size' ? params : from === 'limit' ? limits : environment;
  const number: unknown = Object.hasOwn(facts, of) ? Reflect.get(facts, of) : undefined;
  return Math.log2(Number(number ?? Number.NaN));
}

/** The schedules that rules advise for a workload on a device, the best first. A question that has no answer is answered with no. */
export function advisedSchedules(
  { nodes, features, schedules }: Pick<Rules, 'nodes' | 'features' | 'schedules'>,
  workload: Pick<Workload, 'params'>,
  device: Pick<DeviceDescription, 'limits' | 'environment'>,
): readonly RuleSchedule[] {
  let node = nodes[0] as RuleNode;
  while (node.kind === 'split') {
    const value = featureValue(features[node.feature] as RuleFeature, workload, device);
    node = nodes[value < node.below ? node.yes : node.no] as RuleNode;
  }
  return node.order.map((schedule) => schedules[schedule] as RuleSchedule);
}
