import type { Command } from 'commander';
import { addSkipBroken, faultTeller, pathsOf } from './logs-options.ts';
import { wholeNumber } from './option-values.ts';
import { print, printJson } from './output.ts';

interface ReportFlags {
  readonly out: string;
  readonly open?: boolean;
  readonly operator?: string;
  readonly device?: string;
  readonly detailed: number;
  readonly skipBroken?: boolean;
  readonly json?: boolean;
}

const defaultOut = 'wgtune-report.html';

export function addReportCommand(program: Command): void {
  const command = program
    .command('report')
    .summary('make a page of what tuning logs hold')
    .description(
      'Makes one HTML page of some tuning logs: how the search converged, every trial with its error, the code of the best against others, which decisions matter, the roofline, where the time went, what was pruned and why, how well the model judged, and how devices compare. The page needs no network, no server and no script to be read, and prints. It tells in detail of the workloads that were tuned last; all others in one line each.',
    )
    .argument('[logs...]', 'log files, or folders of them (default: tuning-logs)')
    .option('-o, --out <file>', 'the page to write; one that is there is replaced', defaultOut)
    .option('--open', 'open the page in the browser')
    .option('--operator <name>', 'only workloads of this operator')
    .option('--device <name>', 'only devices of this name')
    .option('--detailed <n>', 'workloads on devices to tell of in detail', wholeNumber('--detailed', 1, 12), 4);
  addSkipBroken(command)
    .option('--json', "print the report's data as JSON, and write no page")
    .addHelpText(
      'after',
      `
Examples:
  wgtune report
  wgtune report tuning-logs -o report.html --open
  wgtune report tuning-logs from-a-friend.jsonl --operator matmul
  wgtune report run.jsonl --json > report.json`,
    )
    .action(runReport);
}

async function runReport(logs: string[], flags: ReportFlags): Promise<void> {
  const paths = await pathsOf(logs);
  const { collectReport } = await import('../report/page/collect.ts');
  const { refuseBroken } = await import('../records/derive-log.ts');
  const { loadCharts } = await import('../report/charts/load-charts.ts');
  const charts = flags.json ? null : await loadCharts();
  const faults = await faultTeller();
  const { errors, newer, ...data } = await collectReport({
    paths,
    ...(flags.operator === undefined ? {} : { operator: flags.operator }),
    ...(flags.device === undefined ? {} : { device: flags.device }),
    subjects: flags.detailed,
    onFault: faults.onFault,
  }).finally(faults.rest);
  if (charts === null) printJson(data);
  else {
    const { reportPage } = await import('../report/page/page.ts');
    const { writePage } = await import('../report/page/write-page.ts');
    const page = reportPage(data, charts);
    await writePage(flags.out, page, paths);
    const { formatBytes, formatCount } = await import('../report/quantities.ts');
    print(`wrote ${flags.out}: ${formatCount(data.records)} records, ${formatBytes(Buffer.byteLength(page))}`);
    if (flags.open) {
      const { openInBrowser } = await import('./open-in-browser.ts');
      openInBrowser(flags.out);
    }
  }
  if (!flags.skipBroken) refuseBroken({ errors, newer }, 'what is told is told without it');
}
