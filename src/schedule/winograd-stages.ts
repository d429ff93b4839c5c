import type { WinogradMatrices } from '../arithmetic/winograd-matrices.ts';
import {
  add,
  binary,
  div,
  float,
  forLoop,
  int,
  load,
  lt,
  mod,
  mul,
  select,
  seq,
  sub,
  unary,
  variable,
} from '../ir/builders.ts';
import type { Block, Buffer, Expr, Iter, Program, Reducer, Stmt, Write } from '../ir/nodes.ts';
import { freshName, mapExpr, namesOf, replaceInProgram, substitute } from '../ir/visit.ts';
import type { Factor, SlidingWindow } from './legality/windows.ts';

/** A sum of products over channels and windows, and its iters by the operands that they move. */
interface WinogradSite {
  readonly nest: Stmt;
  readonly block: Block;
  readonly data: Factor;
  readonly filter: Factor;
  /** Down and across. */
  readonly windows: readonly [SlidingWindow, SlidingWindow];
  /** The buffer of the data, and the one that the sums go to. */
  readonly source: Buffer;
  readonly sums: Buffer;
  readonly channels: readonly Iter[];
  readonly shared: readonly Iter[];
  readonly ofFilter: readonly Iter[];
  readonly ofData: readonly Iter[];
  readonly matrices: WinogradMatrices;
}

type Axis = Pick<Iter, 'name' | 'extent'>;
const variables = (axes: readonly Axis[]): Expr[] => axes.map(({ name }) => variable(name));

/** A row of a matrix times elements: what is multiplied by 0 or 1 at build time is not multiplied when the kernel runs. */
function combination(row: readonly number[], element: (i: number) => Expr): Expr {
  const terms = row.flatMap((factor, i) => (factor === 0 ? [] : [{ factor, element: element(i) }]));
  const first = terms.find(({ factor }) => factor > 0) ?? terms[0];
  if (first === undefined) return float(0);
  const scaled = (factor: number, value: Expr): Expr => (factor === 1 ? value : mul(float(factor), value));
  const begin = scaled(Math.abs(first.factor), first.element);
  return terms
    .filter((term) => term !== first)
    .reduce<Expr>(
      (sum, { factor, element: value }) => (factor > 0 ? add : sub)(sum, scaled(Math.abs(factor), value)),
      first.factor > 0 ? begin : unary('neg', begin),
    );
}

/** The product of a matrix' row, chosen by an index, with elements: one formula for each row. */
function rowOf(matrix: readonly (readonly number[])[], at: Expr, element: (i: number) => Expr): Expr {
  return matrix
    .map((row) => combination(row, element))
    .reduceRight((otherwise, formula, i) => select(binary('eq', at, int(i)), formula, otherwise));
}

/** WGSL's widest vector, and how many tiles of zeros may be added for the sake of whole vectors, as a share of all. */
const vectorWidth = 4;
const mostAdded = 1 / 4;

/** Tiles across, with so many beyond the end that rows of all tiles are whole vectors, where that takes few. */
function filledUp(across: number, others: readonly Axis[]): number {
  const rows = others.reduce((all, { extent }) => all * extent, 1);
  let extent = across;
  while ((extent * rows) % vectorWidth !== 0) extent++;
  return extent <= across * (1 + mostAdded) ? extent : across;
}

/** Replaces the nest of the sum by its transforms, the products of what they give, and the transform of these. */
export function replaceByTransforms(program: Program, site: WinogradSite): Program {
  const { block, data, filter, windows, source, sums, channels, shared, ofFilter, ofData, matrices } = site;
  const [down, across] = windows;
  const { outputs, taps } = matrices;
  const reach = outputs + taps - 1;
  const taken = namesOf(program);
  const fresh = (wish: string): string => {
    const name = freshName(taken, wish);
    taken.add(name);
    return name;
  };
  const iterNames = new Set(block.iters.map(({ name }) => name));
  const axis = (wish: string, extent: number): Axis => {
    const name = freshName(iterNames, wish);
    iterNames.add(name);
    return { name, extent };
  };
  const added: Buffer[] = [];
  const buffer = (wish: string, axes: readonly Axis[], dtype: Buffer['dtype'] = 'f32'): string => {
    const name = fresh(wish);
    added.push({ name, dtype, shape: axes.map(({ extent }) => extent), scope: 'storage' });
    return name;
  };

  const tilesAlong = ({ output }: SlidingWindow): number => Math.ceil(output.extent / outputs);
  const [tileDown, tileAcross] = [axis('vtile_down', tilesAlong(down)), axis('vtile_across', tilesAlong(across))];
  const all = axis('vpoint', reach * reach);
  // A point is a row of the transform down and one of that across; the other index of a half-done transform counts elements.
  const [row, column] = [axis('vrow', reach), axis('vcolumn', reach)];
  const pointAt = (at: Expr): Expr => add(mul(variable(row.name), int(reach)), at);
  const filled = { ...tileAcross, extent: filledUp(tileAcross.extent, [...ofData, tileDown]) };
  const ofTile = [...ofData, tileDown, filled];
  const tileAt = ofTile.reduce<Expr | null>(
    (at, { name, extent }) => (at === null ? variable(name) : add(mul(at, int(extent)), variable(name))),
    null,
  ) as Expr;
  const tiles = axis(
    'vtile',
    ofTile.reduce((count, { extent }) => count * extent, 1),
  );

  // Data: windows of the last tiles may reach beyond the end.
  const long = source.shape.map((extent, d) => {
    const window = windows.find(({ dimension }) => dimension === d);
    return window === undefined
      ? extent
      : Math.max(extent, window.first + (window === across ? filled.extent : tilesAlong(window)) * outputs + taps - 1);
  });
  const isShort = long.some((extent, d) => extent > (source.shape[d] as number));
  const dimensions = long.map((extent, d): Axis => ({ name: `d${d}`, extent }));
  const inside = long
    .flatMap((extent, d) =>
      extent > (source.shape[d] as number) ? [lt(variable(`d${d}`), int(source.shape[d] as number))] : [],
    )
    .reduce<Expr | null>((both, next) => (both === null ? next : binary('and', both, next)), null);
  const lengthened = isShort ? buffer(`${source.name}_pad`, dimensions, source.dtype) : source.name;
  const element = (i: number): Expr => {
    const at = new Map<string, Expr>([
      [down.output.name, mul(variable(tileDown.name), int(outputs))],
      [down.tap.name, int(i)],
      [across.output.name, mul(variable(tileAcross.name), int(outputs))],
      [across.tap.name, variable(column.name)],
    ]);
    return mapExpr(substitute(data.value, at), (expr) =>
      expr.kind === 'load' && expr.buffer === source.name ? load(lengthened, expr.indices) : expr,
    );
  };
  const dataAxes = [...shared, ...channels, ...ofTile];
  const dataRows = buffer(`${source.name}_rows`, [row, column, ...dataAxes]);
  const dataPoints = buffer(`${source.name}_points`, [all, ...shared, ...channels, tiles]);

  // Filter.
  const tapAcross = axis('vtap', taps);
  const tapOf = (i: number): Expr =>
    substitute(
      filter.value,
      new Map<string, Expr>([
        [down.tap.name, int(i)],
        [across.tap.name, variable(tapAcross.name)],
      ]),
    );
  const filterAxes = [...shared, ...ofFilter, ...channels];
  const filterRows = buffer(`${filter.load.buffer}_rows`, [row, tapAcross, ...filterAxes]);
  const filterPoints = buffer(`${filter.load.buffer}_points`, [all, ...filterAxes]);

  // Results.
  const outer = block.iters.filter(
    ({ name, type }) => type === 'spatial' && name !== down.output.name && name !== across.output.name,
  );
  const outputDown = axis('voutput_down', outputs);
  const sumAxes = [all, ...shared, ...ofFilter, tiles];
  const sumPoints = buffer(`${sums.name}_points`, sumAxes);
  const resultRows = buffer(`${sums.name}_rows`, [...outer, tileDown, outputDown, tileAcross, column]);
  const [y, x] = [variable(down.output.name), variable(across.output.name)];
  const size = int(outputs);

  const stage = (
    name: string,
    axes: readonly Axis[],
    write: Write,
    reduced: readonly Axis[] = [],
    reducer: Reducer | null = null,
  ): Stmt => {
    const loops = [...axes, ...reduced].map((each) => ({
      ...each,
      loop: fresh(`${name}_${each.name.replace(/^v/, '')}`),
    }));
    const made: Block = {
      kind: 'block',
      name,
      iters: loops.map(({ name: iter, extent, loop }, i) => ({
        ...{ name: iter, extent, binding: variable(loop) },
        type: i < axes.length ? 'spatial' : 'reduction',
      })),
      predicate: [],
      writes: [write],
      reducer,
    };
    return loops.reduceRight<Stmt>((body, { loop, extent }) => forLoop(loop, extent, body), made);
  };
  const at = (to: string, indices: readonly Expr[], value: Expr): Write => ({ buffer: to, indices, value });

  const stages: Stmt[] = [];
  if (inside !== null)
    stages.push(
      stage(
        fresh(`load_${lengthened}`),
        dimensions,
        at(
          lengthened,
          variables(dimensions),
          select(inside, load(source.name, variables(dimensions)), float(0, source.dtype)),
        ),
      ),
    );
  stages.push(
    stage(
      fresh(`${filterRows}_transform`),
      [row, tapAcross, ...filterAxes],
      at(filterRows, variables([row, tapAcross, ...filterAxes]), rowOf(matrices.filter, variable(row.name), tapOf)),
    ),
    stage(
      fresh(`${filterPoints}_transform`),
      [row, column, ...filterAxes],
      at(
        filterPoints,
        [pointAt(variable(column.name)), ...variables(filterAxes)],
        rowOf(matrices.filter, variable(column.name), (j) =>
          load(filterRows, [variable(row.name), int(j), ...variables(filterAxes)]),
        ),
      ),
    ),
    stage(
      fresh(`${dataRows}_transform`),
      [row, column, ...dataAxes],
      at(dataRows, variables([row, column, ...dataAxes]), rowOf(matrices.data, variable(row.name), element)),
    ),
    stage(
      fresh(`${dataPoints}_transform`),
      [row, column, ...dataAxes],
      at(
        dataPoints,
        [pointAt(variable(column.name)), ...variables([...shared, ...channels]), tileAt],
        rowOf(matrices.data, variable(column.name), (j) =>
          load(dataRows, [variable(row.name), int(j), ...variables(dataAxes)]),
        ),
      ),
    ),
    stage(
      block.name,
      sumAxes,
      at(
        sumPoints,
        variables(sumAxes),
        mul(
          load(filterPoints, variables([all, ...filterAxes])),
          load(dataPoints, variables([all, ...shared, ...channels, tiles])),
        ),
      ),
      channels,
      block.reducer,
    ),
    stage(
      fresh(`${resultRows}_transform`),
      [...outer, tileDown, outputDown, tileAcross, column],
      at(
        resultRows,
        variables([...outer, tileDown, outputDown, tileAcross, column]),
        rowOf(matrices.result, variable(outputDown.name), (i) =>
          load(sumPoints, [add(int(i * reach), variable(column.name)), ...variables([...shared, ...ofFilter]), tileAt]),
        ),
      ),
    ),
    stage(
      fresh(`${sums.name}_transform`),
      block.iters.filter(({ type }) => type === 'spatial'),
      at(
        sums.name,
        (block.writes[0] as Write).indices,
        rowOf(matrices.result, mod(x, size), (j) =>
          load(resultRows, [...variables(outer), div(y, size), mod(y, size), div(x, size), int(j)]),
        ),
      ),
    ),
  );
  return {
    ...replaceInProgram(
      program,
      (stmt) => stmt === site.nest,
      () => seq(stages),
    ),
    buffers: [...program.buffers, ...added],
  };
}
