import type { Program } from '../ir/nodes.ts';
import { exitCode, UserError } from '../support/errors.ts';
import { type Refusal, refuse } from '../support/refusal.ts';
import { findOperator, listOperators } from './catalog.ts';
import { makeWorkload } from './parse-workload.ts';
import { type Workload, workloadKey } from './workload.ts';

/**
 * The plain program of a stranger's workload, whose numbers are checked against what the operator allows before anything is made. Refuses with
 * `unknown-operator` where there is no such operator here (operators of users are known only where their modules are loaded) and with
 * `illegal-workload` where the operator cannot have this workload.
 */
export function checkedProgram(workload: Workload): Program | Refusal {
  const { operator, params, attributes, dtype } = workload;
  if (!listOperators().some(({ name }) => name === operator))
    return refuse('unknown-operator', () => `there is no operator "${operator}" here`);
  let made: Workload;
  let program: Program;
  try {
    made = makeWorkload(operator, { shape: params, attributes, dtype, recorded: true });
    program = findOperator(operator).build(made);
  } catch (error) {
    // A user's operator may throw on what a log holds; a Ctrl-C during its call is no fault of the log.
    if (!(error instanceof UserError) || error.exitCode === exitCode.interrupted) throw error;
    const { message } = error;
    return refuse('illegal-workload', () => message);
  }
  if (workloadKey(made) !== workloadKey(workload))
    return refuse('illegal-workload', () => `${operator} needs parameters that the workload does not name`);
  return program;
}
