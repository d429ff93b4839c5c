import type { MeasuredSpace } from '../../search/recorded/replayed-space.ts';
import { createRandom } from '../../support/random.ts';

/** Two spaces have decisions in common where at least this share of all their decisions has the same name in both. */
const leastCommon = 0.5;

/** How the rows of a source are seen from a target. */
export interface SourceView {
  readonly name: string;
  /** Features of the source's candidates in the target's columns, row after row. */
  readonly rows: Float32Array;
  /** Nanoseconds of each row; null for a failure. */
  readonly timesNs: readonly (number | null)[];
  /** For each row, the positions among the target's candidates of those that make the same decisions as far as both spaces have them. */
  readonly same: readonly (readonly number[])[];
}

/** Some rows of a source, as a tuning log would hold them. */
export interface DrawnSource {
  readonly name: string;
  readonly rows: Float32Array;
  readonly count: number;
  /** Best time of the draw over each row's; 0 for a failure. */
  readonly labels: Float32Array;
  /** Times of the target's candidates on the source; null for a failure, undefined where the draw has none. */
  readonly timesNs: readonly (number | null | undefined)[];
}

const namesOf = ({ space }: MeasuredSpace): Set<string> =>
  new Set(space.sketches.flatMap(({ decisions }) => decisions.map(({ name }) => name)));

/** Whether a model can carry over from one space to the other: both have the features of kernels, or both have decisions of the same names. */
export function canTeach(source: MeasuredSpace, target: MeasuredSpace): boolean {
  if (source.space.decisionsOnly !== target.space.decisionsOnly) return false;
  if (target.space.decisionsOnly !== true) return source.space.columns === target.space.columns;
  const [own, others] = [namesOf(target), namesOf(source)];
  const common = [...own].filter((name) => others.has(name)).length;
  return common >= leastCommon * new Set([...own, ...others]).size;
}

/** Sees a source from a target. */
export function viewSource(source: MeasuredSpace, target: MeasuredSpace): SourceView {
  const { columns } = target.space;
  const rows = new Float32Array(source.candidates.length * columns);
  const extractors = (target.space.decisionsOnly === true ? target : source).space.sketches.map((sketch) =>
    sketch.createExtractor(),
  );
  const translate = target.space.decisionsOnly === true ? translation(source, target) : null;
  for (const [at, candidate] of source.candidates.entries()) {
    const values = translate === null ? candidate.values : translate(candidate.values);
    extractors[candidate.sketch]?.extract(Float64Array.from(values), rows, at * columns);
  }
  return {
    name: source.name,
    rows,
    timesNs: source.candidates.map(source.timeOf),
    same: sameDecisions(source, target),
  };
}

/** Values of a source's candidate in the order and the codes of the target's decisions; NaN where the source has no such decision. */
function translation(source: MeasuredSpace, target: MeasuredSpace): (values: readonly number[]) => number[] {
  const from = source.space.sketches[0]?.decisions ?? [];
  const parts = (target.space.sketches[0]?.decisions ?? []).map(({ name, options, unordered }, decision) => {
    const at = from.findIndex((other) => other.name === name);
    const codes = new Map<string, number>();
    for (const option of options) {
      const values: number[] = [];
      values[decision] = option;
      codes.set(target.wordOf({ sketch: 0, values }, decision), option);
    }
    return { at, codes, unordered: unordered === true };
  });
  return (values) =>
    parts.map(({ at, codes, unordered }) => {
      if (at < 0) return Number.NaN;
      const known = codes.get(source.wordOf({ sketch: 0, values }, at));
      return known ?? (unordered ? Number.NaN : (values[at] as number));
    });
}

/** Candidates of both spaces by the words of the decisions that both have; sketches are known by name where there are several. */
function sameDecisions(source: MeasuredSpace, target: MeasuredSpace): readonly (readonly number[])[] {
  const keysOf = (own: MeasuredSpace, other: MeasuredSpace): ((at: number) => string) => {
    const alone = own.space.decisionsOnly === true;
    const parts = own.space.sketches.map((sketch, index) => {
      const twin = alone ? other.space.sketches[0] : other.space.sketches.find(({ name }) => name === sketch.name);
      const names = new Set(twin?.decisions.map(({ name }) => name));
      const common = sketch.decisions.flatMap(({ name }, at) => (names.has(name) ? [{ name, at }] : []));
      common.sort((a, b) => (a.name < b.name ? -1 : 1));
      return { label: twin === undefined ? `${own.name} ${index}` : alone ? '' : sketch.name, common };
    });
    return (at) => {
      const candidate = own.candidates[at] as MeasuredSpace['candidates'][number];
      const { label, common } = parts[candidate.sketch] as (typeof parts)[number];
      return `${label}:${common.map((decision) => own.wordOf(candidate, decision.at)).join(',')}`;
    };
  };
  const positions = new Map<string, number[]>();
  const targetKey = keysOf(target, source);
  for (const at of target.candidates.keys()) {
    const key = targetKey(at);
    const held = positions.get(key);
    if (held === undefined) positions.set(key, [at]);
    else held.push(at);
  }
  const sourceKey = keysOf(source, target);
  return source.candidates.map((_, at) => positions.get(sourceKey(at)) ?? []);
}

/** The fraction of a target's optimum that the fastest of a source's candidates reaches which the target has too; 0 where it fails. */
export function copyFraction(source: MeasuredSpace, target: MeasuredSpace): number {
  const same = sameDecisions(source, target);
  let best: readonly number[] = [];
  let bestNs = Number.POSITIVE_INFINITY;
  for (const [row, candidate] of source.candidates.entries()) {
    const timeNs = source.timeOf(candidate) ?? Number.POSITIVE_INFINITY;
    const positions = same[row] as readonly number[];
    if (timeNs >= bestNs || positions.length === 0) continue;
    [best, bestNs] = [positions, timeNs];
  }
  const times = best.map((at) => target.timeOf(target.candidates[at] as MeasuredSpace['candidates'][number]));
  const [timeNs] = times.filter((time) => time !== null);
  return timeNs === undefined || target.bestNs === null ? 0 : target.bestNs / timeNs;
}

/** Draws `wanted` rows of a source (half of them when null), the same for the same number. */
export function drawSource(view: SourceView, targetSize: number, draw: number, wanted: number | null): DrawnSource {
  const size = view.timesNs.length;
  const count = Math.min(size, wanted ?? Math.ceil(size / 2));
  const order = createRandom(draw)
    .fork(`draw of ${view.name}`)
    .shuffled([...view.timesNs.keys()])
    .slice(0, count);
  const columns = size === 0 ? 0 : view.rows.length / size;
  const rows = new Float32Array(count * columns);
  const timesNs: (number | null | undefined)[] = new Array(targetSize).fill(undefined);
  let bestNs = Number.POSITIVE_INFINITY;
  for (const [at, row] of order.entries()) {
    rows.set(view.rows.subarray(row * columns, (row + 1) * columns), at * columns);
    const timeNs = view.timesNs[row] ?? null;
    if (timeNs !== null) bestNs = Math.min(bestNs, timeNs);
    for (const position of view.same[row] ?? []) timesNs[position] = faster(timesNs[position], timeNs);
  }
  const labels = Float32Array.from(order, (row) => {
    const timeNs = view.timesNs[row] ?? null;
    return timeNs === null ? 0 : bestNs / timeNs;
  });
  return { name: view.name, rows, count, labels, timesNs };
}

function faster(held: number | null | undefined, timeNs: number | null): number | null {
  if (held === undefined || held === null) return timeNs;
  return timeNs === null ? held : Math.min(held, timeNs);
}
