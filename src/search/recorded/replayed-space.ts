import type { FeatureExtractor } from '../../features/extractor.ts';
import type { Pruner } from '../../space/pruning.ts';
import { type Candidate, candidateKey, type SearchDecision, type SearchSketch, type SearchSpace } from '../strategy.ts';
import type { ParameterValue, RecordedParameter, RecordedRow, RecordedSpace } from './recorded-space.ts';

/** A recorded space as a space to search, with the answer to every candidate. */
export interface ReplayedSpace {
  readonly name: string;
  readonly space: SearchSpace;
  /** Nanoseconds, or null for a candidate that failed when it was measured. Candidates must be of the space. */
  readonly timeOf: (candidate: Pick<Candidate, 'sketch' | 'values'>) => number | null;
  readonly size: number;
  /** Nanoseconds of the fastest row; null where every row failed. */
  readonly bestNs: number | null;
}

/** The same with all its rows at hand. */
export interface MeasuredSpace extends ReplayedSpace {
  /** Every recorded candidate, in the order of the rows. */
  readonly candidates: readonly Candidate[];
  /** A decision's value in words, by which other spaces know it. */
  readonly wordOf: (candidate: Pick<Candidate, 'sketch' | 'values'>, decision: number) => string;
  /** Nanoseconds that measuring a candidate took: all its samples; null where it failed. What building it took is not recorded. */
  readonly spentNsOf: (candidate: Pick<Candidate, 'sketch' | 'values'>) => number | null;
}

/**
 * The parameters of a recorded space as decisions in the file's order. A prefix is legal when some row continues it, whatever constraints
 * the tuner had that measured the space. Numbers stand for themselves, other values are replaced by their position. Features are only the
 * parameters and the products of every two that are numbers: such a space tests the search and not what we know of kernels.
 */
export function replaySpace(recorded: RecordedSpace): MeasuredSpace {
  const codes = recorded.parameters.map(codeOf);
  const decisions = recorded.parameters.map(
    ({ name, values }, at): SearchDecision => ({
      name,
      doc: `parameter of ${recorded.name}`,
      options: values.map((value) => codes[at]?.(value) as number),
      unordered: values.some((value) => typeof value === 'string'),
    }),
  );
  const valuesOf = (row: RecordedRow): number[] => row.values.map((value, at) => codes[at]?.(value) as number);
  const rowValues = recorded.rows.map(valuesOf);
  const rows = new Map(recorded.rows.map((row, at) => [keyOf(rowValues[at] as number[]), row]));
  const rowOf = ({ values }: Pick<Candidate, 'values'>): RecordedRow | undefined => rows.get(keyOf(values));
  const legal = prefixTree(rowValues);
  const columns = featureColumns(recorded.parameters);
  const sketch: SearchSketch = {
    name: recorded.name,
    decisions,
    createPruner: (): Pruner => ({ check: (values) => (legal(values) ? null : 'not recorded') }),
    createExtractor: () => extractorOf(columns),
  };
  const measured = recorded.rows.flatMap(({ timeNs }) => (timeNs === null ? [] : [timeNs]));
  return {
    name: recorded.name,
    space: { sketches: [sketch], columns: Math.max(1, columns.length), decisionsOnly: true },
    timeOf: (candidate) => rowOf(candidate)?.timeNs ?? null,
    size: recorded.rows.length,
    candidates: rowValues.map((values) => ({ sketch: 0, values, score: null })),
    wordOf: ({ values }, decision) => {
      const parameter = recorded.parameters[decision] as RecordedParameter;
      const value = values[decision] as number;
      return String(isNumeric(parameter) ? value : parameter.values[value]);
    },
    spentNsOf: (candidate) => {
      const row = rowOf(candidate);
      return row === undefined ? null : spentNs(row.timeNs, row.samplesNs);
    },
    bestNs: measured.length === 0 ? null : measured.reduce((best, time) => Math.min(best, time)),
  };
}

const keyOf = (values: readonly number[]): string => candidateKey({ sketch: 0, values });

/** What measuring took, by the samples; a row without samples was timed once. */
export function spentNs(timeNs: number | null, samplesNs: readonly number[]): number | null {
  if (timeNs === null) return null;
  return samplesNs.length === 0 ? timeNs : samplesNs.reduce((sum, sample) => sum + sample, 0);
}

function isNumeric({ values }: RecordedParameter): boolean {
  return values.every((value) => typeof value === 'number');
}

/** The number for a parameter's value: the value itself where all values are numbers, else its position among them. */
function codeOf(parameter: RecordedParameter): (value: ParameterValue) => number {
  if (isNumeric(parameter)) return (value) => value as number;
  const positions = new Map(parameter.values.map((value, at) => [value, at]));
  return (value) => positions.get(value) as number;
}

/** Whether a prefix (NaN where undecided) is the beginning of some row. */
export function prefixTree(rows: readonly (readonly number[])[]): (values: Float64Array) => boolean {
  interface Node {
    readonly children: Map<number, Node>;
  }
  const root: Node = { children: new Map() };
  for (const row of rows) {
    let node = root;
    for (const value of row) {
      let child = node.children.get(value);
      if (child === undefined) {
        child = { children: new Map() };
        node.children.set(value, child);
      }
      node = child;
    }
  }
  return (values) => {
    let node: Node | undefined = root;
    for (let at = 0; at < values.length; at++) {
      const value = values[at] as number;
      if (Number.isNaN(value)) return true;
      node = node.children.get(value);
      if (node === undefined) return false;
    }
    return true;
  };
}

/** A column of features: a parameter, one value of a parameter that is no number (1 where it has that value), or the product of two numbers. */
type Column =
  | { readonly kind: 'value'; readonly at: number }
  | { readonly kind: 'is'; readonly at: number; readonly code: number }
  | { readonly kind: 'product'; readonly at: number; readonly by: number };

function featureColumns(parameters: readonly RecordedParameter[]): Column[] {
  const columns: Column[] = [];
  const numbers: number[] = [];
  for (const [at, parameter] of parameters.entries()) {
    // A constant tells a model nothing.
    if (parameter.values.length < 2) continue;
    if (isNumeric(parameter) || parameter.values.length === 2) columns.push({ kind: 'value', at });
    else for (let code = 0; code < parameter.values.length; code++) columns.push({ kind: 'is', at, code });
    if (isNumeric(parameter)) numbers.push(at);
  }
  for (const [i, at] of numbers.entries())
    for (const by of numbers.slice(i + 1)) columns.push({ kind: 'product', at, by });
  return columns;
}

function extractorOf(columns: readonly Column[]): FeatureExtractor {
  return {
    extract(values, out, offset) {
      // A space of one row has no columns, and no model takes a row without columns: it gets a zero.
      if (columns.length === 0) out[offset] = 0;
      for (const [at, column] of columns.entries()) {
        const value = values[column.at] as number;
        if (column.kind === 'value') out[offset + at] = value;
        else if (column.kind === 'product') out[offset + at] = value * (values[column.by] as number);
        else out[offset + at] = Number.isNaN(value) ? Number.NaN : Number(value === column.code);
      }
    },
  };
}
