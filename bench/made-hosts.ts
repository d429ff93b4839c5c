/**
 * How often the fastest of some measured kernels is picked on hosts whose speed changes, by the real protocol over a simulated clock.
 *     node --import tsx bench/made-hosts.ts [--hosts windows,heat] [--trace file.json] [--runs 100] [--candidates 48]
 * In each run the same kernels, of known times and of different sensitivity to what slows the host, are timed once each and the fastest is
 * picked: `as they are`, by the medians of samples as they come; `scaled`, by samples divided by the references' slowdown; `retaken`, waiting
 * for quiet moments and never scaling; `both`; and `both, raced`, as a run of the tuner does. Prints how many picks are within 3% of the
 * truly fastest kernel, the rank correlation and median error of the times, and the simulated seconds that a run took.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type HostCourse, hostCourses, recordedCourse } from '../src/testing/made-host.ts';
import { type Figure, pickOnHost, ways } from './made-hosts/pick.ts';

const { values: flags } = parseArgs({
  options: {
    hosts: { type: 'string', default: Object.keys(hostCourses).join(',') },
    trace: { type: 'string' },
    runs: { type: 'string', default: '100' },
    candidates: { type: 'string', default: '48' },
    first: { type: 'string', default: '1' },
  },
});
const within = 0.03;
const [runs, candidates] = [Number(flags.runs), Number(flags.candidates)];

const courses: Record<string, HostCourse> = { ...hostCourses };
if (flags.trace !== undefined) {
  const { everyMs, slowdowns } = JSON.parse(readFileSync(flags.trace, 'utf8')) as {
    everyMs: number;
    slowdowns: number[];
  };
  courses.recorded = recordedCourse(
    slowdowns.map((hundredths) => hundredths / 100),
    everyMs,
  );
}
console.log(
  `${runs} runs of ${candidates} kernels each; picks within ${100 * within}% of the fastest, Spearman and median error of the times, seconds of a run`,
);
for (const name of [...flags.hosts.split(','), ...(flags.trace === undefined ? [] : ['recorded'])])
  for (const [way, options] of Object.entries(ways)) {
    const figures: Figure[] = [];
    for (let seed = Number(flags.first); seed < Number(flags.first) + runs; seed++)
      figures.push(await pickOnHost(courses[name] as HostCourse, options, seed, candidates));
    const mean = (of: (f: (typeof figures)[number]) => number): number =>
      figures.reduce((sum, f) => sum + of(f), 0) / runs;
    console.log(
      [
        name.padEnd(10),
        way.padEnd(12),
        `${String(figures.filter(({ lost }) => lost <= within).length).padStart(3)} of ${runs}`,
        mean(({ spearman }) => spearman).toFixed(3),
        `${(100 * mean(({ error }) => error)).toFixed(1)}%`.padStart(6),
        `${mean(({ seconds }) => seconds).toFixed(0)} s`.padStart(6),
      ].join('  '),
    );
  }
