import { type Formula, floorQuotient, min } from '../../arithmetic/formula.ts';
import type { Expr } from '../../ir/nodes.ts';
import { readsOf } from '../../ir/visit.ts';
import { namedElements, periodsOf } from '../cases.ts';
import { createDecisions } from '../decision.ts';
import type { StageInfo } from '../stage.ts';
import type { Axis, Copy, Level, Tiling } from '../tiling.ts';

/** Invocations of a workgroup. */
const sizes = [32, 64, 128, 256];
/** Of these along z: every device has as many. */
const deepest = 64;

/**
 * How the last stage reads the first one's result along a dimension: at one of its iters, one element for `each` iterations of it; at the
 * remainder of an iter by `period`; or at elements that it names one by one.
 */
type Link =
  | { readonly iter: string; readonly each: number }
  | { readonly iter: string; readonly period: number }
  | 'named';

/**
 * The rule for two elementwise stages, each of which has a formula for every place of a pattern (the rows and the columns of a small matrix
 * that is known when the kernel is written): an invocation computes whole patterns, so that every formula is written out, and keeps what the
 * first stage hands to the second, and what the first reads, in registers.
 */
export function casesTiling(first: StageInfo, last: StageInfo): Tiling {
  const links = linksOf(first, last);
  const firstPeriods = periodsOf(first.block);
  const held = new Map(periodsOf(last.block));
  for (const [d, link] of links.entries()) {
    const own = first.block.iters[d];
    if (link === 'named' || own === undefined || !firstPeriods.has(own.name)) continue;
    held.set(link.iter, own.extent);
  }
  const { all: decisions, decide } = createDecisions(last.block.name);
  const heldOf = (name: string): number => held.get(name) ?? 1;
  const several = last.block.iters
    .map(({ name, extent }) => ({ name, count: Math.ceil(extent / heldOf(name)) }))
    .filter(({ count }) => count > 1);
  const patterns = several.reduce((all, { count }) => all * count, 1);
  const options = sizes.filter((size) => size < 2 * patterns);
  let rest = decide({
    name: 'invocations',
    doc: 'at most so many invocations of a workgroup, along the innermost axes first',
    options: options.length > 0 ? options : [1],
  });
  // The innermost axes lie along x, y and z, each as far as it reaches.
  const placed = new Map<string, readonly [along: number, invocations: Formula]>();
  for (const [along, { name, count }] of several.slice(-3).reverse().entries()) {
    const invocations = min(rest, along === 2 ? Math.min(count, deepest) : count);
    placed.set(name, [along, invocations]);
    rest = floorQuotient(rest, invocations);
  }
  const outside = (iter: string): Level[] => {
    const [along, invocations] = placed.get(iter) ?? [2, 1];
    return [
      { kind: 'grid', factor: 'rest', along },
      { kind: 'invocation', factor: invocations, along },
    ];
  };
  const together = (factor: number): Level[] => [{ kind: 'register', factor }];
  const axisAt = (i: number, extent: number, levels: readonly Level[]): Axis => ({
    ...{ type: 'spatial', iters: [i], extent, levels },
  });
  // Some axis has the workgroups, though there be one alone.
  const isAllOne = last.block.iters.every(({ name, extent }) => held.get(name) === extent);
  const isWithin = (name: string, extent: number): boolean => held.get(name) === extent && !isAllOne;
  const lastAxes = last.block.iters.map(({ name, extent }, i) =>
    axisAt(i, extent, [...(isWithin(name, extent) ? [] : outside(name)), ...together(heldOf(name))]),
  );
  const firstAxes = first.block.iters.map(({ extent }, i) => {
    const link = links[i] as Link;
    if (link === 'named' || 'period' in link) return axisAt(i, extent, together(extent));
    const each = heldOf(link.iter) / link.each;
    return axisAt(i, extent, [
      ...(each === extent && held.has(link.iter) ? [] : outside(link.iter)),
      ...together(each),
    ]);
  });
  // Formulas name elements one by one: each is a read of its own.
  const loaded = first.reads.flatMap((read) => namedElements(first, read).map(() => read));
  const copies = loaded.map(
    (_, read): Copy => ({
      ...{ read, scope: 'private', isTaken: 1, vector: 1, padding: 0, isDoubled: 0 },
    }),
  );
  const reads = last.reads.filter(({ buffer }) => buffer.name !== first.write.buffer.name);
  const again = (all: readonly unknown[]): boolean[] => all.map(() => false);
  return {
    rule: 'cases',
    decisions,
    nests: [
      { stage: first, axes: firstAxes, reads: loaded, again: again(copies), writes: [], copies, runs: 1 },
      { stage: last, axes: lastAxes, reads, again: again(reads), writes: [last.write], copies: [], runs: 1 },
    ],
    meeting: { kind: 'serial' },
    vector: 1,
    isUnrolled: 0,
  };
}

/** For each dimension of the first stage's result, how the last stage reads along it. */
function linksOf(first: StageInfo, last: StageInfo): Link[] {
  const loads = readsOf(last.block).filter(({ buffer }) => buffer === first.write.buffer.name);
  return first.block.iters.map((_, d) => linkOf(loads.map(({ indices }) => indices[d] as Expr)));
}

function linkOf(indices: readonly Expr[]): Link {
  const [index] = indices;
  if (index?.kind === 'var') return { iter: index.name, each: 1 };
  if (index?.kind !== 'binary' || index.a.kind !== 'var' || index.b.kind !== 'int') return 'named';
  if (index.op === 'div') return { iter: index.a.name, each: index.b.value };
  return index.op === 'mod' ? { iter: index.a.name, period: index.b.value } : 'named';
}

/** Whether the rule applies: stages of formulas by place, the second of which alone reads what the first makes. */
function areCases(first: StageInfo, last: StageInfo, stages: readonly StageInfo[]): boolean {
  const made = first.write.buffer.name;
  const readers = stages.filter(({ reads }) => reads.some(({ buffer }) => buffer.name === made));
  const isElementwise = first.reduction.length + last.reduction.length === 0;
  const haveCases = periodsOf(first.block).size > 0 && periodsOf(last.block).size > 0;
  return isElementwise && haveCases && readers.length === 1 && readers[0] === last;
}

/** Stages in groups: two where this rule applies to them, others by themselves. */
export function pairsOfCases(stages: readonly StageInfo[]): (readonly StageInfo[])[] {
  const groups: (readonly StageInfo[])[] = [];
  for (const stage of stages) {
    const before = groups.at(-1);
    if (before?.length === 1 && areCases(before[0] as StageInfo, stage, stages))
      groups.splice(-1, 1, [before[0] as StageInfo, stage]);
    else groups.push([stage]);
  }
  return groups;
}
