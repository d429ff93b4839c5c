import { stringify } from 'csv-stringify/sync';
import { markdownTable } from '../../src/report/table.ts';
import { type Figures, meanOf, measures } from './measures.ts';

/** The result of one way on one workload, at one fraction of the decisions, with one seed. */
export interface Ranked {
  readonly way: string;
  /** The workloads it learned from: all other ones, or those of its own class. */
  readonly taught: string;
  readonly kind: string;
  readonly workload: string;
  readonly fraction: number;
  readonly seed: number;
  readonly figures: Figures;
}

/** Means over the workloads and seeds of one class, or over all classes, each of which counts alike. */
export interface Row {
  readonly way: string;
  readonly taught: string;
  readonly kind: string;
  readonly fraction: number;
  readonly workloads: number;
  readonly figures: Figures;
  /** Standard deviation between seeds of the means over all workloads; NaN with one seed. */
  readonly deviations: Figures;
}

export const allKinds = 'all classes';

/** A row per way, teaching, class and fraction, in the order in which they come; all classes together come after the single ones. */
export function summarise(ranked: readonly Ranked[]): Row[] {
  const rows: Row[] = [];
  for (const of of groupsBy(ranked, ({ way, taught }) => `${way}\n${taught}`))
    for (const at of groupsBy(of, ({ fraction }) => `${fraction}`)) {
      const kinds = groupsBy(at, ({ kind }) => kind);
      for (const own of kinds) rows.push(rowOf(own, (own[0] as Ranked).kind, [own]));
      if (kinds.length > 1) rows.push(rowOf(at, allKinds, kinds));
    }
  return rows;
}

function rowOf(ranked: readonly Ranked[], kind: string, kinds: readonly (readonly Ranked[])[]): Row {
  const { way, taught, fraction } = ranked[0] as Ranked;
  const meansOf = (seed: number | null): Figures =>
    measures.map((_, m) =>
      meanOf(
        kinds.map((own) =>
          meanOf(own.filter((one) => seed === null || one.seed === seed).map(({ figures }) => figures[m] as number)),
        ),
      ),
    );
  const seeds = [...new Set(ranked.map(({ seed }) => seed))];
  const bySeed = seeds.map(meansOf);
  return {
    way,
    taught,
    kind,
    fraction,
    workloads: new Set(ranked.map(({ workload }) => workload)).size,
    figures: meansOf(null),
    deviations: measures.map((_, m) => deviationOf(bySeed.map((figures) => figures[m] as number))),
  };
}

function groupsBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

function deviationOf(values: readonly number[]): number {
  if (values.length < 2) return Number.NaN;
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

const percent = (fraction: number): string => `${Math.round(100 * fraction)}%`;

export function csvOfRows(rows: readonly Row[]): string {
  const header = [
    'way',
    'taught by',
    'class',
    'decided',
    'workloads',
    ...measures,
    ...measures.map((measure) => `${measure} deviation`),
  ];
  const cell = (value: number): string => (Number.isNaN(value) ? '' : value.toFixed(4));
  return stringify([
    header,
    ...rows.map(({ way, taught, kind, fraction, workloads, figures, deviations }) => [
      way,
      taught,
      kind,
      percent(fraction),
      workloads,
      ...figures.map(cell),
      ...deviations.map(cell),
    ]),
  ]);
}

/** The results that the table was made of: every seed of every workload. */
export function csvOfRuns(ranked: readonly Ranked[]): string {
  return stringify([
    ['way', 'taught by', 'class', 'workload', 'decided', 'seed', ...measures],
    ...ranked.map(({ way, taught, kind, workload, fraction, seed, figures }) => [
      way,
      taught,
      kind,
      workload,
      percent(fraction),
      seed,
      ...figures.map((figure) => (Number.isNaN(figure) ? '' : figure.toFixed(4))),
    ]),
  ]);
}

/** The rows as a Markdown table; `-` where there is nothing to compare. */
export function markdownOfRows(rows: readonly Row[]): string {
  const cell = (value: number): string => (Number.isNaN(value) ? '-' : value.toFixed(3));
  return markdownTable(
    ['way', 'taught by', 'class', 'decided', ...measures],
    rows.map(({ way, taught, kind, fraction, figures }) => [
      way,
      taught,
      kind,
      percent(fraction),
      ...figures.map(cell),
    ]),
  );
}
