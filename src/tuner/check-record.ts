import type { Program } from '../ir/nodes.ts';
import { findOperator, listOperators } from '../operators/catalog.ts';
import { makeWorkload } from '../operators/parse-workload.ts';
import { type Workload, workloadKey } from '../operators/workload.ts';
import type { TuningRecord } from '../records/record.ts';
import { scheduleKey } from '../records/schedule-key.ts';
import { isFault, replay } from '../schedule/replay.ts';
import { UserError } from '../support/errors.ts';
import { explainRefusal, isRefusal, type Refusal, refuse } from '../support/refusal.ts';
import { buildArtifact } from './build.ts';

/**
 * Says whether a record means what it says: its workload is one that its operator can have, its trace is legal step by step, and a kernel
 * comes of it within its device's limits unless the trial was refused. Nothing of the record is run and no buffer is made. A refusal with
 * the reason `unknown-operator` is no fault of the record: operators of users are known only where their modules are loaded.
 */
export type RecordCheck = (record: TuningRecord) => Refusal | null;

export function createRecordCheck(): RecordCheck {
  const programs = new Map<string, Program | Refusal>();
  const judged = new Map<string, Refusal | null>();
  const programOnce = (workload: Workload): Program | Refusal => {
    const key = workloadKey(workload);
    const held = programs.get(key);
    if (held !== undefined) return held;
    const made = checkedProgram(workload);
    if (programs.size >= mostHeld) programs.clear();
    programs.set(key, made);
    return made;
  };
  return (record) => {
    const mustBuild = record.outcome !== 'refused';
    const { limits } = record.device;
    const key = `${workloadKey(record.workload)} ${scheduleKey(record.trace)} ${mustBuild && JSON.stringify(limits)}`;
    const held = judged.get(key);
    if (held !== undefined) return held;
    const verdict = judge(record, programOnce(record.workload), mustBuild);
    if (judged.size >= mostHeld) judged.clear();
    judged.set(key, verdict);
    return verdict;
  };
}

/** A hostile log has no two records alike. */
const mostHeld = 4096;

function judge({ trace, device }: TuningRecord, program: Program | Refusal, mustBuild: boolean): Refusal | null {
  if (isRefusal(program)) return program;
  const scheduled = replay(program, trace);
  if (isFault(scheduled)) {
    const { step, refusal } = scheduled;
    return refuse('illegal-step', () => `step ${step + 1} of the schedule: ${explainRefusal(refusal)}`);
  }
  const artifact = mustBuild ? buildArtifact(scheduled, device) : null;
  return isRefusal(artifact) ? artifact : null;
}

/** The plain program of a stranger's workload; every number of it is held against what the operator allows before anything is made. */
function checkedProgram(workload: Workload): Program | Refusal {
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
