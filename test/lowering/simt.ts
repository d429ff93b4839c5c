import { exchanges, type KExpr, type Kernel, type KStmt, type LoweredProgram } from '../../src/ir/kernel.ts';
import { compileExpression, runtime, settle } from './simt-expressions.ts';
import { compileMatrix, matrixRuntime } from './simt-matrices.ts';
import { type Clock, type Memory, privateMemory, sharedMemory } from './simt-memory.ts';

export type Values = Readonly<Record<string, Float64Array>>;

interface Axes {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}
/** What a lane offers its subgroup, and whose value it wants: a barrier offers nothing. */
type Offer = readonly [how: 'from' | 'xor', value: unknown, lane: number] | undefined;
type Running = Generator<Offer, void, unknown>;
type LaneProgram = (wg: Axes, lid: Axes, arrays: Readonly<Record<string, Memory>>, subgroupLane: number) => Running;

export interface SimtOptions {
  /** Lanes per subgroup; they follow the local index. */
  readonly subgroupSize?: number;
}

/**
 * Executes a lowered program as a device would, with no device: kernels in order, workgroups one after the other, the lanes of a workgroup
 * from barrier to barrier. Throws on anything that may give a wrong result on a device: the errors of sharedMemory, a barrier that only some
 * lanes reach, and an exchange that only some lanes of a subgroup reach or that wants the value of a lane that does not exist. Arithmetic rounds
 * to f32 and f16, indices wrap as u32. Returns every storage buffer; elements that were never written are NaN.
 */
export function runLowered(lowered: LoweredProgram, inputs: Values, { subgroupSize = 4 }: SimtOptions = {}): Values {
  const storage: Record<string, Float64Array> = {};
  for (const { name, role, shape } of lowered.buffers) {
    const size = shape.reduce((product, extent) => product * extent, 1);
    const given = inputs[name];
    if (role === 'input' && given === undefined) throw new Error(`no values for ${name}`);
    storage[name] =
      role === 'input' ? Float64Array.from(given as Float64Array) : new Float64Array(size).fill(Number.NaN);
  }
  for (const kernel of lowered.kernels) runKernel(kernel, storage, subgroupSize);
  return storage;
}

function runKernel(kernel: Kernel, storage: Readonly<Record<string, Float64Array>>, subgroupSize: number): void {
  const program = compileKernel(kernel);
  const clock: Clock = { phase: 0, lane: 0 };
  const arrays: Record<string, Memory> = {};
  for (const { buffer, element, length, access } of kernel.bindings) {
    const data = storage[buffer] as Float64Array;
    if (data.length !== length * element.width) throw new Error(`${buffer} is bound with the wrong size`);
    const memory = sharedMemory(buffer, element, length, data, clock, { synchronised: false, written: true });
    arrays[buffer] = access === 'read' ? { ...memory, set: () => fail(`${buffer} is bound for reading`) } : memory;
  }
  const [nx, ny, nz] = kernel.dispatch;
  const [sx, sy, sz] = kernel.workgroupSize;
  const count = sx * sy * sz;
  let group = 0;
  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++, group++) {
        for (const { name, element, length } of kernel.shared) {
          const data = new Float64Array(length * element.width).fill(Number.NaN);
          arrays[name] = sharedMemory(name, element, length, data, clock, { synchronised: true, written: false });
        }
        const lanes = Array.from({ length: count }, (_, i) => {
          const lid = { x: i % sx, y: Math.floor(i / sx) % sy, z: Math.floor(i / (sx * sy)) };
          return program({ x, y, z }, lid, arrays, i % subgroupSize);
        });
        for (let running = true; running; clock.phase++) {
          let waiting = 0;
          for (let start = 0; start < count; start += subgroupSize)
            waiting += runSubgroup(lanes.slice(start, start + subgroupSize), kernel.name, (i) => {
              clock.lane = group * count + start + i;
            });
          if (waiting !== 0 && waiting !== count)
            fail(`a barrier of ${kernel.name} is reached by ${waiting} of ${count} lanes`);
          running = waiting > 0;
        }
      }
    }
  }
}

/** Runs the lanes of a subgroup to the next barrier or to their end, together through every exchange; returns how many wait at a barrier. */
function runSubgroup(lanes: readonly Running[], kernel: string, enter: (lane: number) => void): number {
  let answers: readonly unknown[] = lanes.map(() => undefined);
  for (;;) {
    const steps = lanes.map((lane, i) => {
      enter(i);
      return lane.next(answers[i]);
    });
    const offers = steps.map((step) => (step.done ? undefined : step.value));
    if (offers.every((offer) => offer === undefined)) return steps.filter((step) => !step.done).length;
    answers = offers.map((offer, i) => {
      if (offer === undefined) return fail(`an exchange of ${kernel} is reached by some lanes of a subgroup only`);
      const [how, , lane] = offer;
      if (how === 'xor' && lane !== offers[0]?.[2]) fail(`lanes of ${kernel} exchange by different masks`);
      const other = offers[how === 'xor' ? i ^ lane : lane];
      if (other === undefined) return fail(`lane ${i} of ${kernel} wants the value of a lane that is not there`);
      return other[1];
    });
  }
}

function fail(message: string): never {
  throw new Error(message);
}

function compileKernel(kernel: Kernel): LaneProgram {
  const lines: string[] = [];
  for (const stmt of kernel.body) compileStatement(stmt, lines, false);
  const names = [...kernel.bindings.map(({ buffer }) => buffer), ...kernel.shared.map(({ name }) => name)];
  const open = names.map((name) => `const $${name} = arrays[${JSON.stringify(name)}];`);
  const text = `return function* (wg, lid, arrays, subgroupLane) { ${open.join(' ')}\n${lines.join('\n')}\n}`;
  return new Function('R', 'M', 'privateMemory', text)(runtime, matrixRuntime, privateMemory) as LaneProgram;
}

function compileStatement(stmt: KStmt, lines: string[], guarded: boolean): void {
  if (guarded && expressionsOf(stmt).some(exchanges))
    fail('an exchange stands under an if that lanes may answer differently');
  switch (stmt.kind) {
    case 'matrix':
    case 'matrix-fill':
    case 'matrix-load':
    case 'matrix-multiply':
    case 'matrix-store':
      if (guarded) fail('a matrix operation stands under an if that lanes of a subgroup may answer differently');
      lines.push(compileMatrix(stmt));
      return;
    case 'let':
      lines.push(`const $${stmt.name} = ${compileExpression(stmt.value)};`);
      return;
    case 'var': {
      const zero =
        stmt.type.width === 1 ? (stmt.type.scalar === 'bool' ? 'false' : '0') : `new Array(${stmt.type.width}).fill(0)`;
      lines.push(
        `let $${stmt.name} = ${stmt.value === null ? zero : copied(compileExpression(stmt.value), stmt.type.width)};`,
      );
      return;
    }
    case 'array':
      lines.push(
        `const $${stmt.name} = privateMemory(${JSON.stringify(stmt.name)}, ${JSON.stringify(stmt.element)}, ${stmt.length});`,
      );
      return;
    case 'assign': {
      const value = compileExpression(stmt.value);
      if (stmt.value.type.scalar !== stmt.type.scalar) fail(`${stmt.name} is assigned a ${stmt.value.type.scalar}`);
      if (stmt.at === null) lines.push(`$${stmt.name} = ${copied(value, stmt.type.width)};`);
      else lines.push(`$${stmt.name}[${stmt.at}] = ${settle(value, stmt.type.scalar)};`);
      return;
    }
    case 'store':
      if (stmt.value.type.scalar !== stmt.type.scalar) fail(`${stmt.array} is given a ${stmt.value.type.scalar}`);
      if (stmt.value.type.width !== (stmt.at === null ? stmt.type.width : 1))
        fail(`${stmt.array} is given another width`);
      lines.push(`$${stmt.array}.set(${compileExpression(stmt.index)}, ${stmt.at}, ${compileExpression(stmt.value)});`);
      return;
    case 'if':
      lines.push(`if (${compileExpression(stmt.condition)}) {`);
      for (const inner of stmt.body) compileStatement(inner, lines, guarded || !isUniform(stmt.condition));
      lines.push('}');
      return;
    case 'for':
      lines.push(`for (let $${stmt.name} = 0; $${stmt.name} < ${stmt.extent}; $${stmt.name}++) {`);
      for (const inner of stmt.body) compileStatement(inner, lines, guarded);
      lines.push('}');
      return;
    case 'barrier':
      if (guarded) fail('a barrier stands under an if that lanes may answer differently');
      lines.push('yield;');
      return;
  }
}

function expressionsOf(stmt: KStmt): readonly KExpr[] {
  switch (stmt.kind) {
    case 'let':
    case 'assign':
      return [stmt.value];
    case 'var':
      return stmt.value === null ? [] : [stmt.value];
    case 'store':
      return [stmt.index, stmt.value];
    case 'if':
      return [stmt.condition];
    default:
      return [];
  }
}

/** Whether a condition is, by its text alone, the same for all lanes of a workgroup, as WGSL wants it around a barrier. */
function isUniform(condition: KExpr): boolean {
  if (condition.kind === 'builtin') return condition.of === 'wg';
  if (condition.kind === 'binary') return isUniform(condition.a) && isUniform(condition.b);
  return condition.kind === 'literal';
}

function copied(text: string, width: number): string {
  return width === 1 ? text : `[...${text}]`;
}
