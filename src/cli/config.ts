import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { Command, Option } from 'commander';
import { exitCode, UserError } from '../support/errors.ts';
import type { Config, ConfigWorkload } from '../tuner/config.ts';
import { isModelFile } from '../tuner/events.ts';
import type { WorkloadFlags } from './kernel-options.ts';
import { say } from './output.ts';

/** A project's file, read and checked. */
interface LoadedConfig {
  readonly path: string;
  readonly config: Config;
}

/** A workload of a project, as the command line would name it. */
export interface ConfiguredWorkload extends WorkloadFlags {
  readonly operator: string;
  readonly trials?: number;
  readonly timeLimit?: number;
  readonly patience?: number;
  readonly export?: string;
}

/** Options that the file and the environment may give, and the environment's names of them. WGTUNE_QUIET_WAIT is read where the waiting is done. */
const settable = {
  log: 'WGTUNE_LOG',
  device: 'WGTUNE_DEVICE',
  profile: 'WGTUNE_PROFILE',
  cold: null,
  trials: 'WGTUNE_TRIALS',
  timeLimit: 'WGTUNE_TIME_LIMIT',
  patience: null,
  trialTimeout: null,
  quietWait: null,
  seed: 'WGTUNE_SEED',
  search: null,
  model: null,
} as const satisfies Partial<Record<keyof Config, string | null>>;

/** In the order of preference. */
const names = ['wgtune.config.ts', 'wgtune.config.mjs', 'wgtune.config.json'] as const;

/** Commands whose options the file and the environment may give; elsewhere options of the same names mean something else. */
const takers: ReadonlySet<string> = new Set(['tune', 'best', 'show', 'explain', 'run', 'export', 'compare', 'check']);
/** Commands that only ask where the logs are. */
const readers: ReadonlySet<string> = new Set(['logs', 'watch']);
/** What the command at hand reads. */
let current: LoadedConfig | null = null;

export function addConfigOptions(program: Command): Command {
  return program
    .option('--config <file>', `the project's file (default: ${names.join(', ')}, looked for upwards)`)
    .option('--no-config', 'heed no such file')
    .hook('preAction', async (_, action) => {
      current = null;
      const family = action.parent?.parent == null ? action.name() : action.parent.name();
      if (!takers.has(family) && !readers.has(family)) return;
      current = await configFor(program.opts<{ config?: string | boolean }>().config);
      if (!takers.has(family)) return;
      applyEnvironment(action);
      if (current !== null) applyFile(action, current);
    });
}

async function configFor(wish: string | boolean | undefined): Promise<LoadedConfig | null> {
  if (wish === false) return null;
  const path = typeof wish === 'string' ? resolve(wish) : foundUpwards(process.cwd());
  if (path === null) return null;
  const { loadConfig } = await import('./load-config.ts');
  return { path, config: await loadConfig(path) };
}

/** The file of this folder, or of the nearest above that has one. */
function foundUpwards(folder: string): string | null {
  const here = names.map((name) => join(folder, name)).filter((path) => existsSync(path));
  const [first, second] = here;
  if (second !== undefined) throw new UserError(`${first} and ${second} both configure this project; keep one of them`);
  if (first !== undefined) return first;
  const parent = dirname(folder);
  return parent === folder ? null : foundUpwards(parent);
}

/** Whether nothing of higher rank gave the option. */
function isOpen(action: Command, name: string): boolean {
  const source = action.getOptionValueSource(name);
  return source === undefined || source === 'default';
}

function applyEnvironment(action: Command): void {
  for (const option of action.options) {
    const name = option.attributeName() as keyof typeof settable;
    const variable = settable[name] ?? null;
    const value = variable === null ? undefined : process.env[variable];
    if (variable === null || value === undefined || value === '' || !isOpen(action, name)) continue;
    action.setOptionValueWithSource(name, parsedBy(option, value, variable), 'env');
  }
}

/** What the option makes of a text; a mistake in it is told with where the text stands. */
function parsedBy(option: Option, value: string, where: string): unknown {
  try {
    return option.parseArg === undefined ? value : option.parseArg(value, undefined);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${where}: ${error.message}`);
  }
}

function applyFile(action: Command, { path, config }: LoadedConfig): void {
  for (const option of action.options) {
    const name = option.attributeName() as keyof typeof settable;
    if (!(name in settable) || !isOpen(action, name)) continue;
    if (name === 'quietWait' && process.env.WGTUNE_QUIET_WAIT !== undefined) continue;
    const value = config[name];
    if (value === undefined) continue;
    const isPath = name === 'log' || (name === 'model' && isModelFile(String(value)));
    const own = isPath ? parsedBy(option, fromFile(path, String(value)), path) : value;
    action.setOptionValueWithSource(name, own, 'config');
  }
}

/** A path of the file, as it is named from here. */
function fromFile(file: string, path: string): string {
  return isAbsolute(path) ? path : relative('', resolve(dirname(file), path)) || '.';
}

/** The log folder of the project; undefined where it names none. */
export function configuredLog(): string | undefined {
  const named = process.env.WGTUNE_LOG;
  if (named !== undefined && named !== '') return named;
  return current?.config.log === undefined ? undefined : fromFile(current.path, current.config.log);
}

/** The project's workloads. Throws UserError where there is no file, or it lists none. */
export function configuredWorkloads(): readonly ConfiguredWorkload[] {
  if (current === null)
    throw new UserError(
      'name an operator (`wgtune ops` lists them), or list the workloads of this project in a wgtune.config file, which `wgtune init` writes',
    );
  const { path, config } = current;
  if (config.workloads === undefined || config.workloads.length === 0)
    throw new UserError(`${path} lists no workloads; add some to "workloads", or name an operator`);
  return config.workloads.map((workload) => flagsOf(path, workload));
}

/** Options that are about one workload. */
const ofOneWorkload = [
  'shape',
  'attr',
  'epilogue',
  'constant',
  'dtype',
] as const satisfies readonly (keyof WorkloadFlags)[];

/** Refuses options of one workload where a command works on all of the project's. */
export function refuseOfOne(flags: WorkloadFlags): void {
  const lost = ofOneWorkload.find((name) => flags[name] !== undefined);
  if (lost !== undefined) throw new UserError(`--${lost} is about one workload; name its operator`);
}

/**
 * Does the same with each workload, one after the other, and returns the operators of those with which it failed, which was said: one that fails does
 * not keep the others from it. What would end every other workload, too, is thrown.
 */
export async function withEach(
  workloads: readonly ConfiguredWorkload[],
  action: (workload: ConfiguredWorkload, at: number) => Promise<void>,
): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const [at, workload] of workloads.entries())
    try {
      await action(workload, at);
    } catch (error) {
      if (!(error instanceof UserError) || endsAll.has(error.exitCode)) throw error;
      say(`error: ${error.message}`);
      failed.push(workload.operator);
    }
  return failed;
}

const endsAll: ReadonlySet<number> = new Set([exitCode.interrupted, exitCode.noDevice]);

function flagsOf(file: string, workload: ConfigWorkload): ConfiguredWorkload {
  const { operator, shape, dtype, attributes, epilogue, constant, trials, timeLimit, patience } = workload;
  const isModule = /\.m?js(:|$)/.test(operator);
  const given = {
    ...{ dtype, attr: attributes, epilogue, trials, timeLimit, patience },
    shape: shape === undefined || typeof shape === 'string' ? shape : shapeWord(shape),
    constant: Array.isArray(constant) ? constant.join(',') : constant,
    export: workload.export === undefined ? undefined : fromFile(file, workload.export),
  };
  return {
    operator: isModule ? asPath(fromFile(file, operator)) : operator,
    ...(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Omit<
      ConfiguredWorkload,
      'operator'
    >),
  };
}

function shapeWord(shape: Readonly<Record<string, number | boolean>>): string {
  return Object.entries(shape)
    .map(([name, size]) => `${name}=${Number(size)}`)
    .join(',');
}

/** A path that is not taken for a name. */
function asPath(path: string): string {
  return isAbsolute(path) || path.startsWith('.') ? path : `./${path}`;
}
