/**
 * Whether `wgtune compare` keeps its promise: of one log recorded twice it says SAME where nothing changed, FAST or SLOW where a kernel changed by 5%,
 * and never the wrong way.
 *     node --import tsx bench/compare.ts [--hosts quiet,windows,busy] [--resamplings 100] [--first 1]
 *     node --import tsx bench/compare.ts --device lavapipe [--operator matmul] [--shape m=128,n=128,k=128] [--kernels 12] [--raced 3] [--races 64]
 * Without a device, kernels are recorded on made hosts, by the real protocol over a simulated clock: each resampling records anew. With one, the same kernels
 * are recorded in two runs, and each resampling draws the samples of one of them anew. `apart` compares records; `in turn` compares races, as `--measure` holds
 * them: on a device of 20 runs of a kernel with 20 or 21 runs of it, each resampling beginning at another of the `races` that were held. Ends with exit code 1 where the promise is broken.
 */
import { parseArgs } from 'node:util';
import { type TimeRatio, type Verdict, verdictOf } from '../src/measure/sampling/ratio.ts';
import { makeWorkload } from '../src/operators/parse-workload.ts';
import { describeWorkload } from '../src/operators/workload.ts';
import { markdownTable } from '../src/report/table.ts';
import { type HostCourse, hostCourses } from '../src/testing/made-host.ts';
import { recordLive } from './compare/live.ts';
import { madeApart, madeInTurn } from './compare/made.ts';
import { markdownOrigin } from './markdown.ts';

const { values: flags } = parseArgs({
  options: {
    hosts: { type: 'string', default: 'quiet,windows,busy' },
    device: { type: 'string' },
    operator: { type: 'string', default: 'matmul' },
    shape: { type: 'string', default: 'm=128,n=128,k=128' },
    kernels: { type: 'string', default: '12' },
    raced: { type: 'string', default: '3' },
    races: { type: 'string', default: '64' },
    first: { type: 'string', default: '1' },
    resamplings: { type: 'string', default: '100' },
  },
});
const resamplings = Number(flags.resamplings);
const changes = [
  { change: 1, right: 'SAME', wrong: [] },
  { change: 1.05, right: 'SLOW', wrong: ['FAST'] },
  { change: 1 / 1.05, right: 'FAST', wrong: ['SLOW'] },
] as const satisfies readonly { change: number; right: Verdict; wrong: readonly Verdict[] }[];
const wantedRight = 0.95;

const rows: string[][] = [];
let kept = true;

async function count(
  name: string,
  of: (change: number, at: number) => TimeRatio | null | Promise<TimeRatio | null>,
): Promise<void> {
  for (const { change, right, wrong } of changes) {
    const said: Record<string, number> = {};
    for (let at = 0; at < resamplings; at++) {
      const ratio = await of(change, at + Number(flags.first));
      const verdict = ratio === null ? 'AMBIGUOUS' : verdictOf(ratio);
      said[verdict] = (said[verdict] ?? 0) + 1;
    }
    const isKept =
      (said[right] ?? 0) >= wantedRight * resamplings && wrong.every((verdict) => said[verdict] === undefined);
    kept &&= isKept;
    const told = (['SAME', 'FAST', 'SLOW', 'AMBIGUOUS'] as const).map((verdict) => String(said[verdict] ?? 0));
    rows.push([name, `${((change - 1) * 100).toFixed(1)}%`, ...told, isKept ? 'yes' : 'no']);
  }
}

let what = 'made hosts';
if (flags.device === undefined)
  for (const name of flags.hosts.split(',')) {
    const course = hostCourses[name as keyof typeof hostCourses] as HostCourse | undefined;
    if (course === undefined) throw new Error(`there is no host "${name}": ${Object.keys(hostCourses).join(', ')}`);
    await count(`${name}, apart`, (change, at) => madeApart(course, change, at));
    await count(`${name}, in turn`, (change, at) => madeInTurn(course, change, at));
  }
else {
  const workload = makeWorkload(flags.operator, { shape: flags.shape });
  const live = await recordLive(
    workload,
    flags.device,
    Number(flags.kernels),
    Number(flags.raced),
    Number(flags.races),
  );
  what = `${describeWorkload(workload)} on ${flags.device}, ${live.pairs} kernels recorded twice`;
  await count('apart', live.apart);
  await count('in turn', live.inTurn);
}
const table = markdownTable(['samples', 'true change', 'SAME', 'FAST', 'SLOW', 'AMBIGUOUS', 'kept'], rows);
console.log(
  `# Verdicts on ${what}, ${resamplings} resamplings of each change\n\n${markdownOrigin('node --import tsx bench/compare.ts')}\n${table}`,
);
process.exitCode = kept ? 0 : 1;
