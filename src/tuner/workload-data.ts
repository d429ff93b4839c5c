import { linearOf } from '../arithmetic/linear.ts';
import type { Program } from '../ir/nodes.ts';
import type { FurtherInputs, OutputCheck, WorkloadData } from '../measure/runner.ts';
import { findOperator } from '../operators/catalog.ts';
import { type Expectation, encode, expectationOf, generateInputs } from '../operators/inputs.ts';
import { type LayerInputs, layerInputsOf } from '../operators/layer-inputs.ts';
import type { InputValues } from '../operators/operator.ts';
import type { BoundedReference } from '../operators/references.ts';
import { callUserFunction } from '../operators/user-function.ts';
import type { Workload } from '../operators/workload.ts';
import { allBlocks } from '../schedule/legality/find.ts';
import { errorFactorOf } from '../schedule/rounding.ts';
import type { Scheduled } from '../space/sketch.ts';
import { assert } from '../support/errors.ts';
import { createRandom, type Random } from '../support/random.ts';

/** Operations the plain reference may take for a whole output; beyond, positions are sampled. About a third of a second. */
const wholeReferenceOperations = 60_000_000;
/** Elements that may be compared one by one in every trial, twice; some ten milliseconds each time. */
const wholeElements = 1 << 22;
const sampledOperations = 12_000_000;
const mostSamples = 8192;
/** Samples taken however much an element costs: corners, edges and a few inside. */
const leastSamples = 64;
/** A bound on an element asks for its reference so many times. */
const referencesAnElement = 4;
/** Positions at a candidate's own tile boundaries, and what their reference may cost: a few milliseconds of each trial. */
const boundaries = { most: 192, least: 16, operations: 2_000_000 };
/** Positions with inputs like those of a layer, in all of an output's regions; what their references may cost, each of the two twice. */
const layerSamples = { most: 2048, least: 32, operations: 6_000_000 };
/** Expected values kept for the boundaries of further candidates, which have many in common. */
const mostKept = 1 << 17;

/** Inputs of a workload and what its outputs must be. */
export interface VerificationData {
  readonly data: WorkloadData;
  /**
   * Further positions where the tiles of this schedule begin and end; nothing when whole outputs are compared anyway. Of a schedule that rounds
   * otherwise than sums do, checks in place of the workload's own.
   */
  readonly checksFor: (scheduled: Scheduled) => OutputCheck[];
}

/**
 * Makes the inputs (small random integers where the operator is multilinear, so that results must be equal bit for bit) and the
 * reference: of whole outputs while that is cheap, else at sampled positions with the edges of every dimension among them.
 */
export function verificationData(workload: Workload, program: Program, seed: number): VerificationData {
  const operator = findOperator(workload.operator);
  const inputs = generateInputs(workload, seed, program);
  const tolerance = operator.tolerance(workload);
  const random = createRandom(seed).fork('verification');
  const outputs = program.outputs.map((name) => {
    const shape = program.buffers.find((buffer) => buffer.name === name)?.shape as readonly number[];
    return { name, shape, size: shape.reduce((all, next) => all * next, 1) };
  });
  const perElement = operationsAnElement(
    program,
    outputs.reduce((sum, output) => sum + output.size, 0),
  );
  const expected = expectationOf(workload, inputs, program);
  const check = (buffer: string, positions: Uint32Array | null, expectation = expected): OutputCheck => ({
    buffer,
    positions,
    expected: expectation(buffer, positions),
    absoluteTolerance: tolerance.absolute,
    relativeTolerance: tolerance.relative,
  });
  const isWhole = (size: number): boolean => size <= wholeElements && size * perElement <= wholeReferenceOperations;
  const samplesFor = (least: number, most: number, operations: number): number =>
    Math.max(least, Math.min(most, Math.floor(operations / perElement)));
  const checks = outputs.map(({ name, shape, size }) => {
    if (isWhole(size)) return check(name, null);
    return check(name, sampledPositions(shape, samplesFor(leastSamples, mostSamples, sampledOperations), random));
  });
  /** An output's elements within the bounds of what sums may be off. */
  const boundedCheck = (
    buffer: string,
    positions: Uint32Array,
    references: ReturnType<typeof operator.boundedReference>,
  ): OutputCheck => {
    const reference = references[buffer];
    assert(reference !== undefined, () => `${workload.operator} has no output ${buffer}`);
    const elements = callUserFunction(workload.operator, 'reference', () =>
      [...positions].map((position) => ({ position, ...reference(position) })),
    );
    // Nothing is promised for results that the dtype cannot hold.
    const known = elements.filter(({ allowed }) => Number.isFinite(allowed));
    return {
      buffer,
      positions: Uint32Array.from(known, ({ position }) => position),
      expected: Float64Array.from(known, ({ expected }) => expected),
      allowed: Float64Array.from(known, ({ allowed }) => allowed),
      absoluteTolerance: 0,
      relativeTolerance: 0,
    };
  };
  const layerCount = samplesFor(layerSamples.least, layerSamples.most, layerSamples.operations);
  const furtherInputs = ({ name, values }: LayerInputs): FurtherInputs[] => {
    const references = operator.boundedReference(workload, values);
    const further = outputs
      .map(({ name: output, shape, size }) =>
        boundedCheck(output, sampledPositions(shape, Math.min(layerCount, size), random), references),
      )
      .filter(({ expected }) => expected.length > 0);
    return further.length === 0 ? [] : [{ name, inputs: encodedInputs(program, values), checks: further }];
  };
  const atBoundaries = remembering(expected);
  const insteadCount = samplesFor(leastSamples, mostSamples, sampledOperations / referencesAnElement);
  const bounded = new Map<number, ReturnType<typeof operator.boundedReference>>();
  const boundedBy = (factor: number): ReturnType<typeof operator.boundedReference> => {
    const known = bounded.get(factor) ?? rememberingBounds(operator.boundedReference(workload, inputs, factor));
    bounded.set(factor, known);
    return known;
  };
  const boundaryCount = samplesFor(boundaries.least, boundaries.most, boundaries.operations);
  return {
    data: {
      inputs: encodedInputs(program, inputs),
      checks,
      further: layerInputsOf(workload, seed, program).flatMap((set) => furtherInputs(set)),
    },
    checksFor: ({ program: scheduled, trace }) => {
      const factor = errorFactorOf(program, trace);
      if (factor !== null)
        return outputs.map(({ name, shape, size }) => {
          const positions = Uint32Array.from(
            new Set([
              ...sampledPositions(shape, Math.min(size, insteadCount), random),
              ...boundaryPositions(scheduled, name, shape, boundaryCount, random),
            ]),
          );
          return { ...boundedCheck(name, positions, boundedBy(factor)), isInstead: true };
        });
      return outputs
        .filter(({ size }) => !isWhole(size))
        .map(({ name, shape }) =>
          check(name, boundaryPositions(scheduled, name, shape, boundaryCount, random), atBoundaries),
        );
    },
  };
}

/** The same, each position computed once. */
function rememberingBounds(references: Readonly<Record<string, BoundedReference>>): Record<string, BoundedReference> {
  return Object.fromEntries(
    Object.entries(references).map(([output, reference]): [string, BoundedReference] => {
      const known = new Map<number, ReturnType<BoundedReference>>();
      return [
        output,
        (position) => {
          if (known.size > mostKept) known.clear();
          const element = known.get(position) ?? reference(position);
          known.set(position, element);
          return element;
        },
      ];
    }),
  );
}

/** Computes each position once. */
function remembering(expectation: Expectation): Expectation {
  const kept = new Map<string, Map<number, number>>();
  return (output, positions) => {
    assert(positions !== null, 'whole outputs are not remembered position by position');
    const known = kept.get(output) ?? new Map<number, number>();
    kept.set(output, known);
    if (known.size > mostKept) known.clear();
    const missing = Array.from(positions).filter((position) => !known.has(position));
    const values = expectation(output, missing);
    for (const [slot, position] of missing.entries()) known.set(position, values[slot] as number);
    return Float64Array.from(positions, (position) => known.get(position) as number);
  };
}

function operationsAnElement(program: Program, outputs: number): number {
  let points = 0;
  for (const { block } of allBlocks(program)) points += block.iters.reduce((all, iter) => all * iter.extent, 1);
  return Math.max(1, points / outputs);
}

function encodedInputs(program: Program, inputs: InputValues): WorkloadData['inputs'] {
  return program.inputs.map((name) => {
    const dtype = program.buffers.find((buffer) => buffer.name === name)?.dtype ?? 'f32';
    return { buffer: name, bytes: encode(inputs[name] as Float64Array, dtype) };
  });
}

/** Half of the positions anywhere, half with each coordinate at an edge or anywhere. */
function sampledPositions(shape: readonly number[], count: number, random: Random): Uint32Array {
  const positions = new Set<number>([0, shape.reduce((all, next) => all * next, 1) - 1]);
  for (let i = 0; i < count; i++) {
    const flat = shape.reduce((sum, extent) => {
      const edges = [0, Math.min(1, extent - 1), Math.max(0, extent - 2), extent - 1];
      const coordinate = i % 2 === 0 || random.below(3) === 0 ? random.below(extent) : random.pick(edges);
      return sum * extent + coordinate;
    }, 0);
    positions.add(flat);
  }
  return Uint32Array.from(positions).sort();
}

/**
 * Positions at tile boundaries: the loops' coefficients in the storing block's index are the sizes of its tiles, on every level. Partial results
 * of a split reduction lie as the output does, behind the dimension of their parts, and were computed in tiles of their own.
 */
function boundaryPositions(
  scheduled: Program,
  output: string,
  shape: readonly number[],
  count: number,
  random: Random,
): Uint32Array {
  const coordinates = shape.map((extent) => new Set([0, extent - 1]));
  const isAlike = ({ name, scope, shape: other }: Program['buffers'][number]): boolean =>
    name === output ||
    (scope === 'storage' &&
      other.length > shape.length &&
      shape.every((extent, d) => other.at(d - shape.length) === extent));
  const alike = new Set(scheduled.buffers.filter(isAlike).map(({ name }) => name));
  for (const { block } of allBlocks(scheduled)) {
    for (const write of block.writes) {
      if (!alike.has(write.buffer)) continue;
      write.indices.slice(-shape.length).forEach((index, d) => {
        const extent = shape[d] as number;
        const iter = index.kind === 'var' ? block.iters.find((candidate) => candidate.name === index.name) : undefined;
        for (const { coefficient } of linearOf(iter?.binding ?? index).terms.values()) {
          const tile = Math.abs(coefficient);
          const last = Math.floor((extent - 1) / tile) * tile;
          for (const near of [tile - 1, tile, last - 1, last])
            if (near >= 0 && near < extent) coordinates[d]?.add(near);
        }
      });
    }
  }
  const choices = coordinates.map((set) => [...set]);
  const positions = new Set<number>();
  for (let i = 0; i < count; i++) {
    positions.add(shape.reduce((sum, extent, d) => sum * extent + random.pick(choices[d] as number[]), 0));
  }
  return Uint32Array.from(positions).sort();
}
