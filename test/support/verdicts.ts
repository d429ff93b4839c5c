import type { Program } from '../../src/ir/nodes.ts';
import { compareOutput, nothingCompared } from '../../src/measure/child/compare.ts';
import type { WorkloadData } from '../../src/measure/runner.ts';
import { decode } from '../../src/operators/inputs.ts';
import type { Verification } from '../../src/records/outcome.ts';
import { interpret } from '../../src/testing/interpret.ts';

/** The verification that the runner would find for a program, by the name of the inputs: `own` for the workload's own. */
export function verdicts(program: Program, data: WorkloadData): Readonly<Record<string, Verification>> {
  const sets = [{ name: 'own', inputs: data.inputs, checks: data.checks }, ...(data.further ?? [])];
  return Object.fromEntries(
    sets.map(({ name, inputs, checks }) => {
      const dtypes = new Map(program.buffers.map((buffer) => [buffer.name, buffer.dtype]));
      const values = inputs.map(({ buffer, bytes }) => [buffer, decode(bytes, dtypes.get(buffer) ?? 'f32')]);
      const outputs = interpret(program, Object.fromEntries(values), { rounding: true });
      const seen = checks.reduce(
        (before, check) =>
          compareOutput(before, outputs[check.buffer] as Float64Array, dtypes.get(check.buffer) ?? 'f32', check),
        nothingCompared,
      );
      return [name, seen];
    }),
  );
}
