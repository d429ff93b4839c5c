import type { For, Program } from '../ir/nodes.ts';
import { varsOf } from '../ir/visit.ts';
import { allBlocks, findBlock, loopNames, ownNest } from '../schedule/legality/find.ts';
import type { PrimitiveArgs, PrimitiveName } from '../schedule/primitives/registry.ts';
import { applyStep } from '../schedule/replay.ts';
import { bind, computeAt, fuse, reorder, type Step, split, unroll, vectorize } from '../schedule/steps.ts';
import type { Trace, TraceStep } from '../schedule/trace.ts';
import { assert } from '../support/errors.ts';
import { isRefusal, type Refusal } from '../support/refusal.ts';

/** What a loop can be bound to. */
export type BindTarget = PrimitiveArgs<'bind'>['to'];

/** Thrown inside `buildSchedule` only, to leave an emission at the first refused step; never escapes it. */
class Refused {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    this.refusal = refusal;
  }
}

/**
 * A program being scheduled and the trace that got it there. An emission asks it for the names of loops as they are at that moment,
 * instead of guessing what primitives will call them.
 */
export interface ScheduleBuilder {
  readonly program: () => Program;
  readonly apply: <Name extends PrimitiveName>(primitive: Name, args: PrimitiveArgs<Name>) => void;
  /** Splits a loop and returns the names of the new ones. The factors are their extents, outermost first; one may be null. */
  readonly split: (loop: string, factors: readonly (number | null)[]) => string[];
  /** Fuses loops (a single one is left as it is) and returns the resulting loop's name. */
  readonly fuse: (loops: readonly string[]) => string;
  readonly reorder: (loops: readonly string[]) => void;
  readonly bind: (loop: string, to: BindTarget) => void;
  readonly unroll: (loop: string) => void;
  readonly vectorize: (loop: string) => void;
  /** Makes a block read a copy; returns the copying block and the new buffer. */
  readonly cacheRead: (
    block: string,
    buffer: string,
    scope: 'workgroup' | 'subgroup' | 'private',
  ) => { block: string; buffer: string };
  /** Makes a block read a copy that has one dimension per iter; returns the copying block and the new buffer. */
  readonly reindex: (
    block: string,
    buffer: string,
    scope: 'workgroup' | 'subgroup' | 'private',
  ) => { block: string; buffer: string };
  /** Makes a block write copies; returns the storing block. */
  readonly cacheWrite: (block: string, scope: 'workgroup' | 'private') => { block: string };
  /** Returns the block of partial results and their buffers, one per value that the reduction combines; `axis` as the primitive takes it. */
  readonly rfactor: (block: string, loop: string, axis?: number) => { block: string; buffers: readonly string[] };
  readonly computeAt: (block: string, loop: string) => void;
  /** Loops around a block, outermost first. */
  readonly loopsAround: (block: string) => readonly For[];
  /** The loop that drives an iter of a block; null where an extent of 1 made the iter a constant. */
  readonly loopOfIter: (block: string, iter: string) => string | null;
  /** Loops that hold this block and no other, outermost first. */
  readonly ownLoops: (block: string) => readonly For[];
}

/** Runs an emission and returns the trace and the program it made, or the refusal of the first step that is not legal. */
export function buildSchedule(
  program: Program,
  emit: (builder: ScheduleBuilder) => void,
): { trace: Trace; program: Program } | Refusal {
  let current = program;
  const steps: TraceStep[] = [];
  const take = ([primitive, args]: Step): void => {
    const step: TraceStep = { primitive, args: { ...args } };
    const next = applyStep(current, step);
    if (isRefusal(next)) throw new Refused(next);
    current = next;
    steps.push(step);
  };
  const around = (block: string): readonly For[] => {
    const site = findBlock(current, block);
    assert(!isRefusal(site), () => `a schedule names the block ${block}, which is not there`);
    return site.around;
  };
  const added = (before: Program): string[] => {
    const known = new Set(before.buffers.map((buffer) => buffer.name));
    const names = current.buffers.map((buffer) => buffer.name).filter((name) => !known.has(name));
    assert(names.length > 0, 'a caching primitive added no buffer');
    return names;
  };
  const blockNames = (): Set<string> => new Set(allBlocks(current).map((site) => site.block.name));
  const withNewBlock = <Name extends PrimitiveName>(
    primitive: Name,
    args: PrimitiveArgs<Name>,
  ): { block: string; buffers: string[] } => {
    const before = current;
    const known = blockNames();
    take([primitive, args] as Step);
    const block = [...blockNames()].find((name) => !known.has(name));
    assert(block !== undefined, () => `${primitive} added no block`);
    return { block, buffers: added(before) };
  };
  const builder: ScheduleBuilder = {
    program: () => current,
    apply: (primitive, args) => take([primitive, args] as Step),
    split(loop, factors) {
      const names = new Set(loopNames(current));
      take(split(loop, ...factors));
      return loopNames(current).filter((name) => !names.has(name));
    },
    fuse(loops) {
      if (loops.length === 1) return loops[0] as string;
      const names = new Set(loopNames(current));
      take(fuse(...loops));
      return loopNames(current).find((name) => !names.has(name)) as string;
    },
    reorder(loops) {
      if (loops.length > 1) take(reorder(...loops));
    },
    bind: (loop, to) => take(bind(loop, to)),
    unroll: (loop) => take(unroll(loop)),
    vectorize: (loop) => take(vectorize(loop)),
    cacheRead(block, buffer, scope) {
      const copy = withNewBlock('cacheRead', { block, buffer, scope });
      return { block: copy.block, buffer: copy.buffers[0] as string };
    },
    reindex(block, buffer, scope) {
      const copy = withNewBlock('reindex', { block, buffer, scope });
      return { block: copy.block, buffer: copy.buffers[0] as string };
    },
    cacheWrite: (block, scope) => withNewBlock('cacheWrite', { block, scope }),
    rfactor: (block, loop, axis) =>
      withNewBlock('rfactor', axis === undefined ? { block, loop } : { block, loop, axis }),
    computeAt: (block, loop) => take(computeAt(block, loop)),
    loopsAround: around,
    loopOfIter(block, name) {
      const site = findBlock(current, block);
      assert(!isRefusal(site), () => `a schedule names the block ${block}, which is not there`);
      const binding = site.block.iters.find((iter) => iter.name === name)?.binding;
      if (binding === undefined) return null;
      const inside = new Set(site.around.map((loop) => loop.name));
      return [...varsOf(binding)].filter((variable) => inside.has(variable)).at(-1) ?? null;
    },
    ownLoops(block) {
      const site = findBlock(current, block);
      assert(!isRefusal(site), () => `a schedule names the block ${block}, which is not there`);
      const nest = ownNest(site);
      const first = nest.kind === 'for' ? site.around.indexOf(nest) : -1;
      return first < 0 ? [] : site.around.slice(first);
    },
  };
  try {
    emit(builder);
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
  return { trace: { version: 1, steps }, program: current };
}
