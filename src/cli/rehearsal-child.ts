import { dieWithParent } from '../device/watchdog.ts';
import { findOperator } from '../operators/catalog.ts';
import { expectationOf, generateInputs } from '../operators/inputs.ts';
import { makeWorkload } from '../operators/parse-workload.ts';
import { limitUserFunctions, onUserFunction, stackOf } from '../operators/user-function.ts';
import { UserError } from '../support/errors.ts';
import { loadOperator } from './operator-module.ts';
import type { FromRehearsal, RehearsalRequest } from './rehearsal.ts';

/** Loads a module of the user and calls its functions; the parent may kill it at any moment. */
dieWithParent();

process.once('message', (message) => {
  perform(message as RehearsalRequest).then(
    () => tell({ kind: 'done' }),
    (error: unknown) => tell(failure(error)),
  );
});

function tell(message: FromRehearsal): void {
  process.send?.(message);
}

function failure(error: unknown): FromRehearsal {
  const cause = error instanceof UserError && error.cause !== undefined ? error.cause : error;
  return {
    kind: 'failed',
    message: error instanceof Error ? error.message : String(error),
    stack: stackOf(cause),
    code: error instanceof UserError ? error.exitCode : null,
  };
}

/** With more elements the inputs would take as long again as the run itself. */
const mostInputs = 1 << 20;

async function perform({ module, seconds, act }: RehearsalRequest): Promise<void> {
  // Loaded first, so that the module's time does not include what it imports of ours.
  await import('../index.ts');
  tell({ kind: 'at', part: null });
  limitUserFunctions(seconds);
  onUserFunction((part) => tell({ kind: 'at', part }));
  const name = await loadOperator(module);
  if (act === null) return;
  const workload = makeWorkload(name, act.wish);
  const operator = findOperator(name);
  const program = operator.build(workload);
  operator.fills(workload);
  operator.tolerance(workload);
  if (!act.verified) return;
  operator.takesOnes(workload);
  const sizes = program.inputs.map((input) => program.buffers.find(({ name }) => name === input)?.shape ?? []);
  const elements = sizes.reduce((sum, shape) => sum + shape.reduce((all, extent) => all * extent, 1), 0);
  if (elements > mostInputs) return;
  const expected = expectationOf(workload, generateInputs(workload, 1, program), program);
  for (const output of program.outputs) expected(output, [0]);
}
