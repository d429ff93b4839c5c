import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeModel, decodeTensor, type Tensor } from './model.ts';
import { type Check, type NotMapped, planCase, type Step, unknownOperators } from './plan.ts';

/** A case of a folder: what has to run for each of its data sets, or why it is skipped. */
export type FolderCase =
  | { readonly name: string; readonly steps: readonly Step[]; readonly checks: readonly Check[] }
  | ({ readonly name: string } & NotMapped)
  // A case that should have been mapped: there is a mistake here, or the file is not what it seems.
  | { readonly name: string; readonly fault: Error };

/** `input_2.pb` before `input_10.pb`. */
function tensorsOf(folder: string, prefix: string): Tensor[] {
  const numberOf = (file: string): number => Number(/_(\d+)\.pb$/.exec(file)?.[1]);
  return readdirSync(folder)
    .filter((file) => file.startsWith(prefix) && file.endsWith('.pb'))
    .sort((a, b) => numberOf(a) - numberOf(b))
    .map((file) => decodeTensor(readFileSync(join(folder, file))));
}

function readCase(folder: string, name: string): FolderCase {
  const model = decodeModel(readFileSync(join(folder, 'model.onnx')));
  // Checked before reading tensors: the inputs of other operators may be sequences, which are no tensors.
  const unknown = unknownOperators(model);
  if (unknown !== null) return { name, ...unknown };
  const steps: Step[] = [];
  const checks: Check[] = [];
  for (const set of readdirSync(folder)
    .filter((file) => file.startsWith('test_data_set_'))
    .sort()) {
    const planned = planCase(model, tensorsOf(join(folder, set), 'input_'), tensorsOf(join(folder, set), 'output_'));
    if ('reason' in planned) return { name, reason: planned.reason };
    steps.push(...planned.steps);
    checks.push(...planned.checks);
  }
  return steps.length === 0 ? { name, reason: 'it has no data set' } : { name, steps, checks };
}

/** Every case of a folder of ONNX backend tests, by name: folders with a `model.onnx` and `test_data_set_*` beside it. */
export function readCases(folder: string): FolderCase[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && readdirSync(join(folder, entry.name)).includes('model.onnx'))
    .map((entry) => entry.name)
    .sort()
    .map((name) => {
      try {
        return readCase(join(folder, name), name);
      } catch (error) {
        return { name, fault: error instanceof Error ? error : new Error(String(error)) };
      }
    });
}
