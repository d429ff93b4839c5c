import type { Program } from '../ir/nodes.ts';
import { UserError } from '../support/errors.ts';
import { type Refusal, refuse } from '../support/refusal.ts';
import { findOperator, listOperators } from './catalog.ts';
import { makeWorkload } from './parse-workload.ts';
import { type Workload, workloadKey } from './workload.ts';

/**
 * The plain program of a stranger's workload; every number of it is held against what the operator allows before anything is made. Refuses with
 * `unknown-operator` where there is no such operator here (operators of users are known only where their modules are loaded) and with
 * `illegal-workload` where the operator cannot have this workload.
 */
export function checkedProgram(workload: Workload): Program | Refusal {
  const { operator, params, attributes, dtype } = workload;
  if (!listOperators().some(({ name }) => name === operator))
    return refuse('unknown-operator', () => `there is no operator "${operator}" here`);
  let made: Workload;
  try {
    made = makeWorkload(operator, { shape: params, attributes, dtype });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { message } = error;
    return refuse('illegal-workload', () => message);
  }
  if (workloadKey(made) !== workloadKey(workload))
    return refuse('illegal-workload', () => `${operator} needs parameters that the workload does not name`);
  return findOperator(operator).build(made);
}
