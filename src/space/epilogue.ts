import type { Program } from '../ir/nodes.ts';
import { isRefusal } from '../support/refusal.ts';
import { buildSchedule } from './builder.ts';
import { pointOperations } from './emitted.ts';
import { bytesOf, type Epilogue, hasReuse, type StageInfo } from './stage.ts';

/**
 * Elementwise stages that are to be inlined before anything else is scheduled: those between reductions and what reads them, and those
 * that only elementwise stages read. What is left between a reduction and the output is then one stage, however a formula was written.
 * (An elementwise stage that feeds a reduction is inlined at the end instead: into the copy that loads its tile.)
 */
export function inlinedFirst(stages: readonly StageInfo[]): string[] {
  const reduced = new Set<string>();
  for (const stage of stages) {
    if (stage.reduction.length > 0 || stage.reads.some((read) => reduced.has(read.buffer.name)))
      for (const { buffer } of stage.writes) reduced.add(buffer.name);
  }
  const readers = (stage: StageInfo): StageInfo[] =>
    stages.filter((other) => other.reads.some((read) => read.buffer.name === stage.write.buffer.name));
  return stages
    .filter((stage) => stage.reduction.length === 0 && !stage.isOutput)
    .filter(
      (stage) =>
        reduced.has(stage.write.buffer.name) || readers(stage).every((reader) => reader.reduction.length === 0),
    )
    .map((stage) => stage.block.name);
}

/**
 * Elementwise stages made of a reduction's result that a reduction with reuse reads: every output would compute them again. Storing each
 * once costs a trip through memory instead, so it is another way, not the only one.
 */
export function storable(stages: readonly StageInfo[]): string[] {
  return stages
    .filter((stage) => stage.reduction.length === 0 && !stage.isOutput && readsReduced(stage, stages))
    .filter(({ write }) =>
      stages.some((reader) => hasReuse(reader) && reader.reads.some((read) => read.buffer.name === write.buffer.name)),
    )
    .map((stage) => stage.block.name);
}

function readsReduced(stage: StageInfo, stages: readonly StageInfo[]): boolean {
  return stage.reads.some((read) => {
    const maker = stages.find((other) => other.writes.some(({ buffer }) => buffer.name === read.buffer.name));
    return maker !== undefined && (maker.reduction.length > 0 || readsReduced(maker, stages));
  });
}

/**
 * The rule of fusing epilogues: an elementwise stage that alone reads a reduction's result, element for element, is computed where that
 * result is stored. Whether it can be is asked of the primitives themselves. Returns the stages without those that were fused.
 */
export function fuseEpilogues(program: Program, stages: readonly StageInfo[]): StageInfo[] {
  const fused = new Set<StageInfo>();
  const kept = stages.map((stage) => {
    if (stage.reduction.length === 0 || stage.isOutput) return stage;
    const made = stage.write.buffer.name;
    const reader = stages.find((other) => other.reads.some((read) => read.buffer.name === made));
    if (reader === undefined || fused.has(reader) || reader.reduction.length > 0) return stage;
    const tried = buildSchedule(program, (builder) => {
      builder.cacheWrite(stage.block.name, 'private');
      builder.apply('reverseComputeInline', { block: reader.block.name });
    });
    if (isRefusal(tried)) return stage;
    fused.add(reader);
    return { ...stage, epilogue: epilogueOf(reader, made) };
  });
  return kept.filter((stage) => !fused.has(stage));
}

function epilogueOf(stage: StageInfo, made: string): Epilogue {
  const inputs = stage.reads.filter((read) => read.buffer.name !== made);
  return {
    block: stage.block.name,
    flops: stage.flops,
    operations: pointOperations(stage) + 2 * inputs.length,
    readBytes: inputs.reduce((sum, read) => sum + bytesOf(read.buffer), 0),
    uniqueBytes: inputs.reduce(
      (sum, read) => sum + read.buffer.shape.reduce((all, extent) => all * extent, bytesOf(read.buffer)),
      0,
    ),
    writeBytes: bytesOf(stage.write.buffer),
  };
}
