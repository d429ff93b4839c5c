import type { Program } from '../ir/nodes.ts';
import { checkedProgram } from '../operators/checked-program.ts';
import { type Workload, workloadKey } from '../operators/workload.ts';
import type { TuningRecord } from '../records/record.ts';
import { scheduleKey } from '../records/schedule-key.ts';
import { isRefusal, type Refusal } from '../support/refusal.ts';
import { buildArtifact, replayed } from './build.ts';

/**
 * Checks what a record claims: that its operator can have its workload, that its trace is legal step by step, and that it makes a kernel
 * within its device's limits unless the trial was refused. Nothing of the record is run and no buffer is made. A refusal with the reason
 * `unknown-operator` is no fault of the record: operators of users are known only where their modules are loaded.
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

/** Bounds the caches, since a hostile log has no two records alike. */
const mostHeld = 4096;

function judge({ trace, device }: TuningRecord, program: Program | Refusal, mustBuild: boolean): Refusal | null {
  if (isRefusal(program)) return program;
  const scheduled = replayed(program, trace);
  if (isRefusal(scheduled)) return scheduled;
  const artifact = mustBuild ? buildArtifact(scheduled, device) : null;
  return isRefusal(artifact) ? artifact : null;
}
