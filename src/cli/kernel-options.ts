import type { Command } from 'commander';
import type { Workload } from '../operators/workload.ts';
import { UserError } from '../support/errors.ts';
import { assignment, oneOf, positiveNumber, shapeText } from './option-values.ts';
import { workloadNamed } from './user-module.ts';

/** Options that name a workload. */
export interface WorkloadFlags {
  readonly shape?: string;
  readonly attr?: Readonly<Record<string, string>>;
  readonly epilogue?: string;
  readonly constant?: string;
  readonly dtype?: string;
  /** Seconds. */
  readonly moduleTimeout?: number;
}

/** Options that name a device and where the logs are. */
export interface DeviceFlags {
  readonly device?: string;
  readonly browser?: string;
  readonly profile: 'browser' | 'native';
  readonly cold?: boolean;
}
export interface LogFlags {
  readonly log?: string;
  /** False: the logs that ship with wgtune are not read. */
  readonly shippedLogs?: boolean;
}
export interface LookupFlags extends WorkloadFlags, DeviceFlags, LogFlags {
  readonly allowOther?: boolean;
}

/** `argument`: `[operator]` for a command that can do without, where it works on a project's workloads. */
export function addWorkloadOptions(command: Command, argument: '<operator>' | '[operator]' = '<operator>'): Command {
  return addModuleOption(command)
    .argument(
      argument,
      `what the kernel computes: a name from \`wgtune ops\`, or the path of a module that defines an operator${argument === '[operator]' ? "; without, the workloads of the project's file" : ''}`,
    )
    .option('-s, --shape <sizes>', 'sizes by name, e.g. m=128,n=128; those not named take their defaults', shapeText)
    .option(
      '--attr <name=value>',
      'a text the operator takes, e.g. an expression; may be given several times',
      assignment('--attr'),
    )
    .option(
      '--epilogue <formula>',
      'applied to each result, e.g. "relu(x + bias)" or "relu(x + r)": x is the result, r and residual are inputs of its whole shape, any other ' +
        'name an input of one value a channel; "; name: tensor" behind the formula gives any name the whole shape',
    )
    .option(
      '--constant <inputs>',
      'inputs that hold the same values in every run (weights), separated by commas: a kernel may lay them out anew, once',
    )
    .option('--dtype <type>', 'element type: f32 or f16 (default: f32)');
}

/** For every command that may load a module of the user. */
export function addModuleOption(command: Command): Command {
  return command.option(
    '--module-timeout <seconds>',
    "what loading an operator's module, and each call of its functions, may take (default: 60)",
    positiveNumber('--module-timeout', 'seconds'),
  );
}

export function addDeviceOptions(command: Command): Command {
  return command
    .option(
      '--device <name>',
      'a name from `wgtune devices` (default: the one marked there), or browser: a page of the packaged Chromium or of another browser',
    )
    .option('--browser <path>', 'with --device browser: the browser to start; none: you open the page that is named')
    .option(
      '--profile <name>',
      'browser: bounds checks as browsers have them; native: without',
      oneOf('--profile', ['browser', 'native']),
      'browser',
    )
    .hook('preAction', announcePages)
    .option(
      '--cold',
      'times with cold caches: before each sample a buffer twice as large as the last-level cache is rewritten, and each run in it has copies of all buffers; kept apart from times with warm caches',
    );
}

export function addLogOption(command: Command): Command {
  return command
    .option('--log <folder>', 'folder of the tuning logs (default: tuning-logs)')
    .option('--no-shipped-logs', 'do not read the logs that ship with wgtune');
}

/** Everything it takes to find the best known kernel. */
export function addLookupOptions(command: Command, argument: '<operator>' | '[operator]' = '<operator>'): Command {
  return addLogOption(addDeviceOptions(addWorkloadOptions(command, argument))).option(
    '--allow-other',
    'also take a kernel that was tuned on another kind of device',
  );
}

/** For commands that can do something with a schedule that was never measured for the workload. */
export function addNearestOption(command: Command): Command {
  return command.option(
    '--nearest',
    "where nothing is known of this workload, take the schedule of the nearest known one, refitted to this one's sizes",
  );
}

/**
 * The workload that the operator's word and the options name; throws UserError with what is wrong with them. `verified`: kernels will be
 * compared with its reference.
 */
export async function workloadOf(operator: string, flags: WorkloadFlags, verified = false): Promise<Workload> {
  const { shape, dtype } = flags;
  const wish = {
    ...(shape === undefined ? {} : { shape }),
    attributes: attributesIn(flags),
    ...(dtype === undefined ? {} : { dtype }),
  };
  return workloadNamed(operator, wish, { seconds: flags.moduleTimeout, verified });
}

function attributesIn({ attr = {}, epilogue, constant }: WorkloadFlags): Readonly<Record<string, string>> {
  const own = Object.entries({ epilogue, constant }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const twice = own.find(([name]) => attr[name] !== undefined);
  if (twice !== undefined)
    throw new UserError(`--${twice[0]} and --attr ${twice[0]}= are the same text; give one of them`);
  return { ...attr, ...Object.fromEntries(own) };
}

/** The options as the tuner takes them. */
export function lookupWish({
  profile,
  cold,
  log,
  shippedLogs,
  allowOther,
  ...where
}: Omit<LookupFlags, keyof WorkloadFlags>): {
  readonly device?: string;
  readonly profile: 'browser' | 'native';
  readonly cold: boolean;
  readonly logFolder?: string;
  readonly shippedLogs?: null;
  readonly allowOther: boolean;
} {
  const device = deviceNamed(where);
  return {
    ...(device === undefined ? {} : { device }),
    profile,
    cold: cold === true,
    ...(log === undefined ? {} : { logFolder: log }),
    ...(shippedLogs === false ? { shippedLogs: null } : {}),
    allowOther: allowOther === true,
  };
}

function deviceNamed({ device, browser }: Pick<DeviceFlags, 'device' | 'browser'>): string | undefined {
  if (browser === undefined) return device;
  if (device === 'browser') return `browser:${browser}`;
  throw new UserError('--browser goes with --device browser');
}

/** Where a page is the device, a person is told where it is to be opened and that it must be seen. */
async function announcePages(_: Command, action: Command): Promise<void> {
  const { device } = action.opts<DeviceFlags>();
  if (device === 'browser') (await import('./page-notices.ts')).announcePages();
}

/** Another command for the same workload, device and logs, ready to be pasted into a shell. */
export function followUp(
  command: string,
  operator: string,
  flags: WorkloadFlags & DeviceFlags & LogFlags,
  ...rest: readonly string[]
): string {
  const { shape, attr, epilogue, constant, dtype, moduleTimeout } = flags;
  const { device, browser, profile, cold, log, shippedLogs } = flags;
  const words = [
    'wgtune',
    command,
    operator,
    ...(shape === undefined ? [] : ['-s', shape]),
    ...Object.entries(attr ?? {}).flatMap(([name, value]) => ['--attr', `${name}=${value}`]),
    ...(epilogue === undefined ? [] : ['--epilogue', epilogue]),
    ...(constant === undefined ? [] : ['--constant', constant]),
    ...(dtype === undefined ? [] : ['--dtype', dtype]),
    ...(moduleTimeout === undefined ? [] : ['--module-timeout', String(moduleTimeout)]),
    ...(device === undefined ? [] : ['--device', device]),
    ...(browser === undefined ? [] : ['--browser', browser]),
    ...(profile === 'browser' ? [] : ['--profile', profile]),
    ...(cold === true ? ['--cold'] : []),
    ...(log === undefined ? [] : ['--log', log]),
    ...(shippedLogs === false ? ['--no-shipped-logs'] : []),
    ...rest,
  ];
  return words.map(shellWord).join(' ');
}

/** A word that a POSIX shell reads as it is. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
