import { ceilQuotient, type Formula, min } from '../../arithmetic/formula.ts';
import { createDecisions, powersOfTwo, tileOptions } from '../decision.ts';
import type { OnlineChain } from '../online-chains.ts';
import { type AccessInfo, axisOf, hasReuse, movesWith, type StageInfo } from '../stage.ts';
import {
  type Axis,
  type Copy,
  type Level,
  type OnlineRoles,
  plainNest,
  type StageNest,
  type Tiling,
  widestVector,
} from '../tiling.ts';

/** Terms of a sum that an invocation loads together. */
const mostTogether = 8;
const mostHeld = 16;

/** The iter that moves a dimension of an access; undefined where several do, or none. */
function iterAlong({ dimensions }: AccessInfo, d: number): number | undefined {
  const { moving, opaque } = dimensions[d] as AccessInfo['dimensions'][number];
  return opaque || moving.length !== 1 ? undefined : moving[0];
}
const dimensionOf = (access: AccessInfo, iter: number): number =>
  access.dimensions.findIndex(({ coefficients }) => coefficients[iter] !== 0);
const readOf = (stage: StageInfo, buffer: string): AccessInfo | undefined =>
  stage.reads.find((read) => read.buffer.name === buffer);

/**
 * The rule of online softmax: a chain cut into parts becomes one kernel, which takes one part after the other. A workgroup has a tile of rows and
 * all columns of their results. For each part it computes the elements (a product of their own stage, if they are one) into workgroup memory,
 * there their maxima and exponentials, and in registers the sums that these weigh, which it rescales as maxima grow. Rows of scores are
 * never stored. After Dao et al., "FlashAttention" (2022), from the structure of the stages alone. Null where they have another one.
 */
export function onlineTiling(stages: readonly StageInfo[], chain: OnlineChain): Tiling | null {
  const roles = rolesOf(stages, chain);
  if (roles === null) return null;
  const { scores, maxima, weights, sums, partial, joined, final } = roles;
  const row = roles.row;
  const list = createDecisions(final.block.name);
  const { decide } = list;
  const [rowIter, columnIter] = [final.block.iters[row.final], final.block.iters[row.column]] as [
    StageInfo['spatial'][number],
    StageInfo['spatial'][number],
  ];
  const [i, j] = [axisOf(rowIter), axisOf(columnIter)];
  const { sharers } = roles;
  const length = partial.reduction[0]?.extent as number;
  const deep = scores?.reduction.at(-1);
  const rows = decide({
    name: `${i}.invocations`,
    doc: `invocations of a workgroup along ${i}`,
    options: powersOfTwo(32).filter((size) => size < rowIter.extent * 2),
  });
  const heldRows = decide({
    name: `${i}.registers`,
    doc: `rows of one invocation along ${i}`,
    options: powersOfTwo(8).filter((size) => size < rowIter.extent * 2),
  });
  const across = decide({
    name: `${j}.invocations`,
    doc: `invocations of a workgroup that share the columns along ${j}, and the terms of a part`,
    // Fewer columns of an invocation need fewer registers.
    options: powersOfTwo(64).filter((size) => size <= columnIter.extent && columnIter.extent <= size * mostHeld),
    smallest: powersOfTwo(64)
      .filter((size) => size <= columnIter.extent)
      .at(-1) as number,
  });
  const upTo = (extent: number): number[] =>
    tileOptions(extent, mostTogether).filter((size) => size <= extent && extent % size === 0);
  const together = decide({
    name: 'terms.together',
    doc: 'terms of a part that an invocation loads together and writes out',
    options: upTo(length),
  });
  const heldDeep = decide({
    name: 'product.together',
    doc: 'elements of a product of two rows that an invocation loads together and writes out',
    options: upTo(deep?.extent ?? 1),
  });
  const vector = decide({
    name: 'vector',
    doc: `width of vectors along ${j}`,
    options: powersOfTwo(4).filter((width) => columnIter.extent % width === 0),
  });
  const heldColumns = ceilQuotient(columnIter.extent, across);
  const heldTerms = ceilQuotient(length, across);

  const gridAxis = (stage: StageInfo, at: number): Axis => ({
    ...{ type: 'spatial', iters: [at], extent: stage.block.iters[at]?.extent as number },
    levels: [{ kind: 'grid', factor: 'rest', along: 1 }],
  });
  const rowAxis = (at: number): Axis => ({
    ...{ type: 'spatial', iters: [at], extent: rowIter.extent },
    levels: [
      { kind: 'grid', factor: 'rest', along: 0 },
      { kind: 'invocation', factor: rows, along: 1 },
      { kind: 'register', factor: heldRows },
    ],
  });
  const columnAxis = (at: number): Axis => ({
    ...{ type: 'spatial', iters: [at], extent: columnIter.extent },
    levels: [
      { kind: 'invocation', factor: across, along: 0 },
      { kind: 'register', factor: heldColumns },
    ],
  });
  /** Parts one after the other; where workgroups share them, each takes some that are next to each other. */
  const partLevels = (isShared = sharers > 1): readonly Level[] => [
    ...(isShared ? [{ kind: 'grid', factor: sharers, along: 1 } as const] : []),
    { kind: 'serial', factor: 'rest' },
  ];
  const partAxis = (stage: StageInfo, at: number): Axis => ({
    ...{ type: 'spatial', iters: [at], extent: stage.block.iters[at]?.extent as number, levels: partLevels() },
  });
  const joinedParts = (at: number): Axis => ({
    ...{ type: 'reduction', iters: [at], extent: joined.block.iters[at]?.extent as number, levels: partLevels(false) },
  });
  /** The axes of a stage: its parts, the rows and columns of a tile, one of its own (`last`), and those that only workgroups count. */
  const axes = (stage: StageInfo, own: Readonly<Record<number, (at: number) => Axis>>): Axis[] =>
    stage.block.iters.map((_, at) => (own[at] ?? ((other: number) => gridAxis(stage, other)))(at));
  const made = new Set([scores, maxima, weights, sums, partial, joined].flatMap((stage) => stage?.writes ?? []));
  const inside = new Set([...made].map(({ buffer }) => buffer.name));
  const nest = (stage: StageInfo, own: readonly Axis[], copied: (read: AccessInfo) => Formula | null): StageNest => {
    const reads = stage.reads.filter(({ buffer }) => !inside.has(buffer.name));
    const copies = reads.flatMap((read, q): Copy[] => {
      const width = copied(read);
      return width === null ? [] : [{ read: q, scope: 'private', isTaken: 1, vector: width, padding: 0, isDoubled: 0 }];
    });
    const stored = stage !== final ? [] : sharers > 1 ? stage.writes : [stage.write];
    return { ...plainNest({ ...stage, reads }, own, copies), stage, writes: stored };
  };
  const termsOf = (stage: StageInfo): number => stage.block.iters.length - 1;
  const inPart = (at: number): Axis => ({
    ...{ type: 'spatial', iters: [at], extent: length },
    levels: [
      { kind: 'invocation', factor: across, along: 0 },
      { kind: 'register', factor: heldTerms },
    ],
  });
  const reducedTerms =
    (held: Formula, extent: number) =>
    (at: number): Axis => ({
      ...{ type: 'reduction', iters: [at], extent },
      levels: [
        { kind: 'serial', factor: 'rest' },
        { kind: 'step', factor: 1 },
        { kind: 'register', factor: held },
      ],
    });
  const ofRows = (stage: StageInfo, terms: (at: number) => Axis): readonly Axis[] =>
    axes(stage, { 0: (at) => partAxis(stage, at), [row.inner]: rowAxis, [termsOf(stage)]: terms });
  const alongDeep = (read: AccessInfo): Formula =>
    read.strides.at(-1) === 1 ? widestVector(1, read.dimensions.at(-1)?.extent ?? 1, heldDeep) : vector;
  const nests: StageNest[] = [
    ...(scores === null
      ? []
      : [
          nest(
            scores,
            axes(scores, {
              [row.scores]: rowAxis,
              [row.terms]: (at) => ({
                ...{ type: 'spatial', iters: [at], extent: scores.block.iters[at]?.extent as number },
                levels: [
                  ...partLevels(),
                  { kind: 'invocation', factor: across, along: 0 },
                  { kind: 'register', factor: heldTerms },
                ],
              }),
              [termsOf(scores)]: reducedTerms(heldDeep, deep?.extent as number),
            }),
            alongDeep,
          ),
        ]),
    nest(maxima, ofRows(maxima, reducedTerms(min(length, 4), length)), () => null),
    nest(weights, ofRows(weights, inPart), () => null),
    nest(sums, ofRows(sums, reducedTerms(min(length, 4), length)), () => null),
    nest(
      partial,
      axes(partial, {
        0: (at) => partAxis(partial, at),
        [row.partial]: rowAxis,
        [row.partialColumn]: columnAxis,
        [termsOf(partial)]: reducedTerms(together, length),
      }),
      () => vector,
    ),
    nest(
      joined,
      axes(joined, {
        [row.final]: rowAxis,
        [row.column]: columnAxis,
        ...Object.fromEntries(
          joined.block.iters.flatMap(({ type }, at) => (type === 'reduction' ? [[at, joinedParts]] : [])),
        ),
      }),
      () => null,
    ),
    ...(final === joined
      ? []
      : [nest(final, axes(final, { [row.final]: rowAxis, [row.column]: columnAxis }), () => null)]),
  ];
  return {
    rule: 'online',
    decisions: list.all,
    nests,
    meeting: { kind: 'online', roles, rows, heldRows, across, heldColumns, heldTerms, together, heldDeep },
    vector,
    isUnrolled: 0,
  };
}

/** Which stage of a chain cut into parts does what, and where the tile's rows and columns are among their iters; null where they do not fit. */
function rolesOf(stages: readonly StageInfo[], { weighted, sharers }: OnlineChain): OnlineRoles | null {
  const makerOf = (buffer: string): StageInfo | undefined =>
    stages.find(({ writes }) => writes.some((write) => write.buffer.name === buffer));
  const whole = stages.find(({ block }) => block.name === weighted);
  // Where workgroups share parts, that stage joins what they made.
  const joined = sharers > 1 ? makerOf(whole?.reads[0]?.buffer.name as string) : whole;
  const [maxima, sums, partial] = (joined?.reads ?? []).map(({ buffer }) => makerOf(buffer.name));
  const weights = sums === undefined ? undefined : makerOf(sums.reads[0]?.buffer.name as string);
  const final = sharers > 1 ? joined : stages.find(({ reads }) => readsAny(reads, joined));
  if (!(joined && maxima && sums && partial && weights && final)) return null;
  if (final !== joined && final.reduction.length > 0) return null;
  // The result is stored as the sums lie, an axis for each of theirs; where workgroups share parts, the first one counts those workgroups.
  const extents = joined.spatial.map(({ extent }) => extent);
  if (final.spatial.map(({ extent }) => extent).join() !== extents.join()) return null;
  const ahead = sharers > 1 ? 1 : 0;
  const places = extents.flatMap((_, at) => (at < ahead ? [] : [at]));
  const inPartial = (at: number): number => at + 1 - ahead;
  const ofWeights = readOf(partial, weights.write.buffer.name);
  if (ofWeights === undefined) return null;
  // Iters of the partial sums: which part, the result's own, terms.
  const columns = places.filter((at) => !movesWith(ofWeights, inPartial(at)));
  const rows = places.filter((at) => movesWith(ofWeights, inPartial(at)));
  const [column] = columns;
  const tiled = rows.findLast((at) => (extents[at] as number) > 1) ?? rows.at(-1);
  if (column === undefined || columns.length > 1 || tiled === undefined) return null;
  const inner = iterAlong(weights.write, dimensionOf(ofWeights, inPartial(tiled)));
  const computed = weights.reads.map(({ buffer }) => makerOf(buffer.name)).filter((maker) => maker !== maxima);
  const scores = computed.find((maker) => maker !== undefined) ?? null;
  if (inner === undefined || computed.filter((maker) => maker !== undefined).length > 1) return null;
  const found = { maxima, weights, sums, partial, joined, final, sharers };
  const place = { final: tiled, column, partial: inPartial(tiled), partialColumn: inPartial(column), inner };
  if (scores === null) return { ...found, scores, row: { ...place, scores: -1, terms: -1 } };
  const isShared = stages.some(
    (stage) => stage !== weights && stage !== maxima && readOf(stage, scores.write.buffer.name) !== undefined,
  );
  const read = readOf(weights, scores.write.buffer.name);
  if (read === undefined || isShared || scores.isOutput || scores.reduction.length !== 1) return null;
  const [ofRow, ofTerms] = [inner, weights.block.iters.length - 1].map((iter) =>
    iterAlong(scores.write, dimensionOf(read, iter)),
  );
  if (ofRow === undefined || ofTerms === undefined) return null;
  return { ...found, scores, row: { ...place, scores: ofRow, terms: ofTerms } };
}

/** Whether rows of a tile share what their elements are made of, so that a product of its own would load it once for several; elements that are read count too. */
export function sharesRows({ meeting }: Tiling): boolean {
  if (meeting.kind !== 'online') return false;
  const { scores, row } = meeting.roles;
  return scores === null || hasReuse(scores, [scores.block.iters[row.scores] as StageInfo['spatial'][number]]);
}

const readsAny = (reads: readonly AccessInfo[], stage: StageInfo | undefined): boolean =>
  reads.some((read) => stage?.writes.some(({ buffer }) => buffer.name === read.buffer.name));
