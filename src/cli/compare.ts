import type { Command } from 'commander';
import type { Workload } from '../operators/workload.ts';
import { exitCode, UserError } from '../support/errors.ts';
import type { KernelComparison, Unpaired } from '../tuner/compare.ts';
import type { CompareSide } from './compare-side.ts';
import { addDeviceOptions, addModuleOption, type DeviceFlags } from './kernel-options.ts';
import { numberFromZero, wholeNumber } from './option-values.ts';
import { print, printJson, say } from './output.ts';
import { operatorNamed } from './user-module.ts';

/** What may end a comparison with exit code 1: a verdict, or a workload that only the first side has. */
const failures = ['slow', 'fast', 'ambiguous', 'missing'] as const;
type FailureName = (typeof failures)[number];

interface CompareFlags extends DeviceFlags {
  readonly measure?: boolean;
  readonly every?: boolean;
  readonly operator?: string;
  readonly margin: number;
  readonly failOn?: readonly FailureName[];
  readonly seed: number;
  readonly log?: string;
  readonly moduleTimeout?: number;
  readonly json?: boolean;
  readonly markdown?: boolean;
}

export function addCompareCommand(program: Command): void {
  const command = program
    .command('compare')
    .summary('tell whether kernels became faster or slower')
    .description(
      'Compares the best kernels of two tuning logs, bundles or schedules, workload by workload and device by device: FAST or SLOW where the second side takes less or more time beyond doubt, SAME where the difference is smaller than the margin, AMBIGUOUS where the samples do not tell. By the samples of the records; with --measure by timing both in turn on a device, which tells much smaller differences.',
    )
    .argument('<before>', 'a tuning log, a folder of them, a bundle, or a schedule file')
    .argument('<after>', 'the same, to be compared with it')
    .option('--measure', 'build, verify and time both sides in turn on a device');
  addModuleOption(addDeviceOptions(command))
    .option('--every', 'compare every schedule that both logs timed, and not only the best of each workload')
    .option('--operator <name>', 'only workloads of this operator; the path of a module loads it')
    .option('--margin <percent>', 'differences smaller than this are none', numberFromZero('--margin', 'percent'), 2.5)
    .option(
      '--fail-on <verdicts>',
      `end with exit code 1 on any of ${failures.join(', ')}, separated by commas`,
      failureNames,
    )
    .option('--seed <n>', 'start of the resampling', wholeNumber('--seed', 0, 2 ** 31 - 1), 1)
    .option('--log <folder>', 'where the records of bundles are (default: tuning-logs)')
    .option('--json', 'print JSON')
    .option('--markdown', 'print a Markdown table')
    .addHelpText(
      'after',
      `
Examples:
  wgtune compare old-logs tuning-logs --fail-on slow
  wgtune compare released-kernel matmul-kernel --measure
  wgtune compare a.json b.json --measure --device swiftshader --markdown`,
    )
    .action(runCompare);
}

async function runCompare(before: string, after: string, flags: CompareFlags): Promise<void> {
  if (flags.json && flags.markdown)
    throw new UserError('--json and --markdown are two forms of one output; give one of them');
  const { readSide } = await import('./compare-side.ts');
  const { defaultLogFolder } = await import('../records/log-writer.ts');
  const operator =
    flags.operator === undefined ? null : await operatorNamed(flags.operator, { seconds: flags.moduleTimeout });
  const options = { operator, every: flags.every === true, logFolder: flags.log ?? defaultLogFolder };
  const sides = [await readSide(before, options), await readSide(after, options)] as const;
  const { comparisons, unpaired } = flags.measure ? await inTurn(sides, flags) : await bySamples(sides, flags);
  if (comparisons.length === 0)
    throw new UserError(
      `${before} and ${after} have no workload in common that can be compared; \`wgtune logs best\` lists what logs hold`,
    );
  if (flags.json) printJson({ margin: flags.margin / 100, comparisons, unpaired });
  else {
    const { comparisonMarkdown, formatComparisons } = await import('../report/comparison.ts');
    const { coloursFor } = await import('../report/terminal.ts');
    print(
      flags.markdown
        ? comparisonMarkdown(comparisons, unpaired)
        : formatComparisons(comparisons, unpaired, coloursFor(process.stdout)),
    );
  }
  const { appendStepSummary } = await import('./step-summary.ts');
  const { comparisonMarkdown: summary } = await import('../report/comparison.ts');
  appendStepSummary(() => summary(comparisons, unpaired));
  failWhere(comparisons, unpaired, flags.failOn ?? []);
}

interface Compared {
  readonly comparisons: readonly KernelComparison[];
  readonly unpaired: readonly Unpaired[];
}

async function bySamples([one, other]: readonly [CompareSide, CompareSide], flags: CompareFlags): Promise<Compared> {
  const { compareRecorded } = await import('../tuner/compare.ts');
  const recordedOf = ({ recorded, path, kind }: CompareSide) => {
    if (recorded !== null) return recorded;
    const lacks =
      kind === 'bundle' ? 'its record is not in the logs (--log <folder> names others)' : 'a schedule has no samples';
    throw new UserError(`${path} can only be timed again: ${lacks}; add --measure`);
  };
  const { recordingsApart } = await import('../measure/sampling/ratio.ts');
  const apart = recordingsApart([...one.repeats, ...other.repeats]);
  return compareRecorded(recordedOf(one), recordedOf(other), { margin: flags.margin / 100, seed: flags.seed, apart });
}

async function inTurn([one, other]: readonly [CompareSide, CompareSide], flags: CompareFlags): Promise<Compared> {
  if (flags.every) throw new UserError('--every compares recorded samples; leave it out or --measure');
  const { chooseDevice } = await import('../device/devices.ts');
  const { compareInTurn } = await import('../tuner/compare-in-turn.ts');
  const common = commonWorkloads(one, other);
  const device = await chooseDevice(flags.device, flags.profile, flags.cold);
  const { description } = device;
  const pairs = [];
  for (const workload of common)
    pairs.push({
      workload,
      before: await one.source(workload, description),
      after: await other.source(workload, description),
    });
  say(`timing ${pairs.length} ${pairs.length === 1 ? 'pair' : 'pairs'} of kernels in turn on ${description.name}`);
  const comparisons = await compareInTurn(device, pairs, { margin: flags.margin / 100, seed: flags.seed });
  const only = (side: CompareSide, than: CompareSide, name: Unpaired['side']): readonly Unpaired[] =>
    [...(side.workloads ?? [])]
      .filter(([key]) => than.workloads !== null && !than.workloads.has(key))
      .map(([, workload]) => ({ side: name, workload, device: null }));
  return { comparisons, unpaired: [...only(one, other, 'before'), ...only(other, one, 'after')] };
}

function commonWorkloads(one: CompareSide, other: CompareSide): readonly Workload[] {
  const { workloads } = other;
  if (one.workloads === null && workloads === null)
    throw new UserError(
      `neither ${one.path} nor ${other.path} says what workload it is for; \`wgtune show <operator> --as trace --json\` writes schedules that do`,
    );
  if (one.workloads === null) return [...(workloads as ReadonlyMap<string, Workload>).values()].slice(0, 1);
  if (workloads === null) return [...one.workloads.values()].slice(0, 1);
  return [...one.workloads].filter(([key]) => workloads.has(key)).map(([, workload]) => workload);
}

function failureNames(text: string): readonly FailureName[] {
  return text.split(',').map((word) => {
    const found = failures.find((name) => name === word.trim().toLowerCase());
    if (found === undefined)
      throw new UserError(`--fail-on "${word}" must be ${failures.join(', ')}, or several of them separated by commas`);
    return found;
  });
}

function failWhere(
  comparisons: readonly KernelComparison[],
  unpaired: readonly Unpaired[],
  on: readonly FailureName[],
): void {
  const counted = on
    .map((name) => {
      const count =
        name === 'missing'
          ? unpaired.filter(({ side }) => side === 'before').length
          : comparisons.filter(({ verdict }) => verdict.toLowerCase() === name).length;
      return { name, count };
    })
    .filter(({ count }) => count > 0);
  if (counted.length > 0)
    throw new UserError(
      `compared with --fail-on: ${counted.map(({ name, count }) => `${count} ${name.toUpperCase()}`).join(', ')}`,
      exitCode.failed,
    );
}
