import type { Program } from '../ir/nodes.ts';
import { isRefusal, type Refusal, refuse } from '../support/refusal.ts';
import { findPrimitive, primitives } from './primitives/registry.ts';
import type { Trace, TraceStep } from './trace.ts';

/** No sensible schedule has so many steps; a stranger's trace must not take for ever to refuse. */
const maxSteps = 2000;

/** Why a replay stopped, at which step, and what the program looked like there. */
export interface ReplayFault {
  readonly kind: 'fault';
  /** Index of the refused step, from 0. */
  readonly step: number;
  readonly refusal: Refusal;
  readonly program: Program;
}

export function isFault(value: Program | ReplayFault): value is ReplayFault {
  return 'kind' in value && value.kind === 'fault';
}

/** Applies one step. */
export function applyStep(program: Program, step: TraceStep): Program | Refusal {
  const primitive = findPrimitive(step.primitive);
  if (primitive === undefined) {
    return refuse(
      'unknown-primitive',
      () => `there is no primitive named ${step.primitive}`,
      () => `the primitives are ${primitives.map((other) => other.name).join(', ')}`,
    );
  }
  return primitive.run(program, step.args);
}

/**
 * Applies a trace to a program, step by step, through the same legality checks as our own schedules.
 * A step that no longer fits is a fault; nothing is repaired.
 */
export function replay(program: Program, trace: Trace): Program | ReplayFault {
  let current = program;
  if (trace.steps.length > maxSteps) {
    return {
      kind: 'fault',
      step: maxSteps,
      refusal: refuse(
        'too-many-steps',
        () => `the trace has ${trace.steps.length} steps; expected at most ${maxSteps}`,
      ),
      program,
    };
  }
  for (const [index, step] of trace.steps.entries()) {
    const next = applyStep(current, step);
    if (isRefusal(next)) return { kind: 'fault', step: index, refusal: next, program: current };
    current = next;
  }
  return current;
}

/** A trace as code, one call per line. */
export function printTrace(trace: Trace): string {
  return trace.steps
    .map((step) => findPrimitive(step.primitive)?.describe(step.args) ?? `${step.primitive}(?)`)
    .join('\n');
}
