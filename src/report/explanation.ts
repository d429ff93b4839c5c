import type { Program } from '../ir/nodes.ts';
import { printProgram } from '../ir/printer.ts';
import { namesOf } from '../ir/visit.ts';
import { findPrimitive } from '../schedule/primitives/registry.ts';
import { applyStep } from '../schedule/replay.ts';
import type { Trace, TraceStep } from '../schedule/trace.ts';
import { explainRefusal, isRefusal, type Refusal } from '../support/refusal.ts';
import { type Colours, noColours } from './terminal.ts';

/** One step of a trace with the program it made, or why it was refused. */
export interface ExplainedStep {
  /** The step as code. */
  readonly step: string;
  /** The rewrite in general terms. */
  readonly rewrite: string;
  /** The nest after the step; before it where the step was refused. */
  readonly loops: string;
  /** Lines of `loops` (from 0) that the step made or changed; where it was refused, the lines to blame. */
  readonly marked: readonly number[];
  readonly refusal: string | null;
}

export interface Explanation {
  readonly plain: string;
  readonly steps: readonly ExplainedStep[];
}

/** Replays a trace step by step and says what each changed. Stops at the first refused step. */
export function explainTrace(plain: Program, trace: Trace): Explanation {
  const steps: ExplainedStep[] = [];
  let program = plain;
  for (const step of trace.steps) {
    const next = applyStep(program, step);
    if (isRefusal(next)) {
      steps.push(refusedStep(program, step, next));
      break;
    }
    const before = new Set(
      printProgram(program)
        .split('\n')
        .map((line) => line.trim()),
    );
    const loops = printProgram(next);
    const marked = loops.split('\n').flatMap((line, index) => (before.has(line.trim()) ? [] : [index]));
    steps.push({ ...describe(step), loops, marked, refusal: null });
    program = next;
  }
  return { plain: printProgram(plain), steps };
}

function describe(step: TraceStep): Pick<ExplainedStep, 'step' | 'rewrite'> {
  const primitive = findPrimitive(step.primitive);
  return { step: primitive?.describe(step.args) ?? `${step.primitive}(?)`, rewrite: primitive?.rewrite ?? '' };
}

/** The loops and blocks to blame are those that the step and the refusal name. */
function refusedStep(program: Program, step: TraceStep, refusal: Refusal): ExplainedStep {
  const loops = printProgram(program);
  const text = `${JSON.stringify(step.args)} ${refusal.message()}`;
  const named = [...namesOf(program)].filter((name) => new RegExp(`\\b${name}\\b`).test(text));
  const marked = loops.split('\n').flatMap((line, index) => {
    const subject = /^\s*(?:for|block) (\w+)/.exec(line)?.[1];
    return subject !== undefined && named.includes(subject) ? [index] : [];
  });
  return { ...describe(step), loops, marked, refusal: explainRefusal(refusal) };
}

/** The whole explanation as text: `>` marks what a step changed, `!` what made it illegal. */
export function formatExplanation({ plain, steps }: Explanation, colours: Colours = noColours): string {
  const parts = [`${colours.bold('plain program')}\n${indented(plain, [], ' ', colours)}`];
  steps.forEach(({ step, rewrite, loops, marked, refusal }, index) => {
    const title = `${colours.bold(`step ${index + 1}  ${step}`)}\n${colours.dim(rewrite)}`;
    const why = refusal === null ? '' : `\n${colours.red(`refused: ${refusal}`)}`;
    parts.push(`${title}${why}\n${indented(loops, marked, refusal === null ? '>' : '!', colours)}`);
  });
  return parts.join('\n\n');
}

function indented(text: string, marked: readonly number[], mark: string, colours: Colours): string {
  const lines = new Set(marked);
  return text
    .split('\n')
    .map((line, index) => (lines.has(index) ? colours.cyan(`${mark} ${line}`) : `  ${line}`))
    .join('\n');
}
