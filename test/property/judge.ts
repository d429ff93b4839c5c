import { printProgram } from '../../src/ir/printer.ts';
import { checkSpec } from '../../src/ir/spec.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import { printTrace } from '../../src/schedule/replay.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { interpret } from '../../src/testing/interpret.ts';
import { emit } from '../../src/wgsl/emit.ts';
import { runLowered } from '../lowering/simt.ts';
import { reversed } from '../support/reversed.ts';
import { judgedLimits, type RandomCase } from './random-case.ts';
import { referencesOf } from './reference.ts';

/** Why a case is wrong, with all it takes to understand that: the case, the trace, and the loops or the kernels. */
function failure({ title, scheduled }: RandomCase, why: string, text: string): string {
  return `${title}: ${why}\n${printTrace(scheduled.trace)}\n${text}`;
}

/** What is wrong with the scheduled program as the interpreter runs it, parallel loops either way round; null when nothing is. */
export function wrongAsProgram(made: RandomCase, inputSeed: number): string | null {
  const { program } = made.scheduled;
  const broken = checkSpec(program);
  if (broken !== null) return failure(made, broken, printProgram(program));
  for (const { inputs, fault } of referencesOf(made, inputSeed)) {
    for (const direction of [program, reversed(program)]) {
      const wrong = fault(interpret(direction, inputs, { rounding: true }));
      if (wrong !== null)
        return failure(made, `${direction === program ? '' : 'backwards, '}${wrong}`, printProgram(program));
    }
  }
  return null;
}

/** What is wrong with the lowered kernels, executed lane by lane; null when nothing is. */
export function wrongAsKernels(made: RandomCase, inputSeed: number): string | null {
  const kernels = lowerProgram(made.scheduled.program, judgedLimits);
  if (isRefusal(kernels))
    return failure(made, `not lowered: ${explainRefusal(kernels)}`, printProgram(made.scheduled.program));
  let wrong: string | null = null;
  for (const { inputs, fault } of referencesOf(made, inputSeed)) {
    try {
      wrong ??= fault(runLowered(kernels, inputs));
    } catch (error) {
      wrong = String(error);
    }
  }
  if (wrong === null) return null;
  return failure(
    made,
    wrong,
    emit(kernels)
      .kernels.map(({ wgsl }) => wgsl)
      .join('\n'),
  );
}
