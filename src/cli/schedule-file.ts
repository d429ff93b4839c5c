import { readFile } from 'node:fs/promises';
import type { DeviceDescription } from '../ir/limits.ts';
import type { Workload } from '../operators/workload.ts';
import { parseRecord } from '../records/migrate.ts';
import { recordSchema } from '../records/record.ts';
import type { Trace } from '../schedule/trace.ts';
import { assert, UserError } from '../support/errors.ts';
import { explainRefusal, isRefusal } from '../support/refusal.ts';
import { parseRules, type Rules } from '../tuner/distill/rules.ts';
import type { TunedKernel } from '../tuner/events.ts';
import { type DeviceFlags, type WorkloadFlags, workloadOf } from './kernel-options.ts';
import { operatorNamed, workloadNamed } from './user-module.ts';

/** The sketch and the decisions that a search made a schedule of. */
export type Made = Pick<TunedKernel, 'sketch' | 'decisions'>;

/** A schedule that somebody wrote or kept, or rules that choose one. */
export interface ScheduleFile {
  /** Null where the file holds rules. */
  readonly trace: Trace | null;
  /** What `wgtune distill` wrote; null for a schedule. */
  readonly rules: Rules | null;
  /** The workload it was made for, where the file says so. */
  readonly workload: Workload | null;
  /** The sketch and the decisions it was made of, and the device it was measured on; known of records only. */
  readonly made: Made | null;
  readonly device: DeviceDescription | null;
}

const expected =
  'a schedule file is {"workload": ..., "trace": {"version": 1, "steps": [...]}} as `wgtune show <operator> --as trace --json` prints it, the trace alone, one line of a tuning log, or rules of `wgtune distill`';

/** Reads a schedule; everything in it is data and is checked. Throws UserError with what is wrong with the file. */
export async function readScheduleFile(path: string): Promise<ScheduleFile> {
  const text = await readText(path);
  const value = parseJson(path, text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UserError(`${path} holds no JSON object; ${expected}`);
  if ('kind' in value && value.kind === 'wgtune-rules') {
    const rules = parseRules(text);
    if (isRefusal(rules)) throw new UserError(`${path}: ${explainRefusal(rules)}`);
    return { trace: null, rules, workload: null, made: null, device: null };
  }
  if ('steps' in value) return { trace: traceOf(path, value), rules: null, workload: null, made: null, device: null };
  if ('outcome' in value) {
    const record = parseRecord(value);
    if (isRefusal(record)) throw new UserError(`${path} is no record of a tuning log: ${explainRefusal(record)}`);
    const { trace, workload, device, sketch, decisions } = record;
    return { trace, rules: null, workload, made: { sketch, decisions }, device };
  }
  if (!('trace' in value)) throw new UserError(`${path} has no "trace"; ${expected}`);
  const workload = 'workload' in value && value.workload !== undefined ? workloadIn(path, value.workload) : null;
  return { trace: traceOf(path, value.trace), rules: null, workload, made: null, device: null };
}

/** The workload a schedule is for: the command line's where it names a shape, else the file's. */
export async function workloadFor(
  operator: string,
  flags: WorkloadFlags,
  file: ScheduleFile,
  verified = false,
): Promise<Workload> {
  const { findOperator } = await import('../operators/catalog.ts');
  const use = { seconds: flags.moduleTimeout, verified };
  const name = await operatorNamed(operator, use);
  findOperator(name);
  if (file.workload !== null && file.workload.operator !== name)
    throw new UserError(
      `the schedule is for ${file.workload.operator}, not for ${name}; name ${file.workload.operator}`,
    );
  const { shape, attr, dtype, epilogue, constant } = flags;
  const named = [shape, attr, dtype, epilogue, constant].some((flag) => flag !== undefined);
  if (named || file.workload === null) return workloadOf(operator, flags, verified);
  const { params, attributes, dtype: written } = file.workload;
  return workloadNamed(operator, { shape: params, attributes, dtype: written, recorded: true }, use);
}

/** The schedule of a file for a workload: its own, or the one that its rules choose on the device that the flags name. */
export async function traceFor(
  file: ScheduleFile,
  workload: Workload,
  { device, profile }: DeviceFlags,
): Promise<Trace> {
  const { trace, rules } = file;
  if (trace !== null) return trace;
  assert(rules !== null, 'a schedule file holds a trace or rules');
  const { chooseDevice } = await import('../device/devices.ts');
  const { kernelByRules } = await import('../tuner/distill/advised-kernel.ts');
  const { description } = await chooseDevice(device, profile);
  return kernelByRules(rules, workload, description).trace;
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new UserError(`there is no schedule file ${path}`);
    if (code === 'EISDIR') throw new UserError(`${path} is a folder; name a schedule file in it`);
    throw new UserError(`the schedule file ${path} cannot be read (${code}); check its permissions`);
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    if (lines.length > 1 && lines.every((line) => line.startsWith('{"') && line.trimEnd().endsWith('}')))
      throw new UserError(`${path} holds ${lines.length} records; give a file with the one line you want`);
    throw new UserError(`${path} is not JSON (${(error as Error).message.split('\n')[0]}); ${expected}`);
  }
}

function traceOf(path: string, value: unknown): Trace {
  const result = recordSchema.shape.trace.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const at = ['trace', ...(issue?.path ?? [])].join('.');
  throw new UserError(`${path} holds no schedule: ${at}: ${issue?.message ?? 'wrong shape'}; ${expected}`);
}

function workloadIn(path: string, value: unknown): Workload {
  const result = recordSchema.shape.workload.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new UserError(`${path}: ${['workload', ...(issue?.path ?? [])].join('.')}: ${issue?.message ?? 'wrong shape'}`);
}
