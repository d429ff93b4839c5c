import type { KExpr, Kernel, KStmt, LoweredProgram } from '../../src/ir/kernel.ts';
import { compileExpression, runtime, settle } from './simt-expressions.ts';
import { type Clock, type Memory, privateMemory, sharedMemory } from './simt-memory.ts';

export type Values = Readonly<Record<string, Float64Array>>;

interface Axes {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}
type LaneProgram = (wg: Axes, lid: Axes, arrays: Readonly<Record<string, Memory>>) => Generator<undefined, void>;

/**
 * Executes a lowered program as a device would, with no device: kernels in order, workgroups one after the other, the lanes of a workgroup
 * from barrier to barrier. Throws on anything a device may answer with a wrong result: see sharedMemory, and a barrier that only some lanes
 * reach. Arithmetic rounds to f32 and f16, indices wrap as u32. Returns every storage buffer; elements nobody wrote are NaN.
 */
export function runLowered(lowered: LoweredProgram, inputs: Values): Values {
  const storage: Record<string, Float64Array> = {};
  for (const { name, role, shape } of lowered.buffers) {
    const size = shape.reduce((product, extent) => product * extent, 1);
    const given = inputs[name];
    if (role === 'input' && given === undefined) throw new Error(`no values for ${name}`);
    storage[name] =
      role === 'input' ? Float64Array.from(given as Float64Array) : new Float64Array(size).fill(Number.NaN);
  }
  for (const kernel of lowered.kernels) runKernel(kernel, storage);
  return storage;
}

function runKernel(kernel: Kernel, storage: Readonly<Record<string, Float64Array>>): void {
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
          return program({ x, y, z }, lid, arrays);
        });
        for (let running = true; running; clock.phase++) {
          let waiting = 0;
          lanes.forEach((lane, i) => {
            clock.lane = group * count + i;
            if (!lane.next().done) waiting++;
          });
          if (waiting !== 0 && waiting !== count)
            fail(`a barrier of ${kernel.name} is reached by ${waiting} of ${count} lanes`);
          running = waiting > 0;
        }
      }
    }
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
  const text = `return function* (wg, lid, arrays) { ${open.join(' ')}\n${lines.join('\n')}\n}`;
  return new Function('R', 'privateMemory', text)(runtime, privateMemory) as LaneProgram;
}

function compileStatement(stmt: KStmt, lines: string[], guarded: boolean): void {
  switch (stmt.kind) {
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

/** Whether a condition is the same for all lanes of a workgroup by its text alone, as the shading language wants it around a barrier. */
function isUniform(condition: KExpr): boolean {
  if (condition.kind === 'builtin') return condition.of === 'wg';
  if (condition.kind === 'binary') return isUniform(condition.a) && isUniform(condition.b);
  return condition.kind === 'literal';
}

function copied(text: string, width: number): string {
  return width === 1 ? text : `[...${text}]`;
}
