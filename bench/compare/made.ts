import { budgetInTurn, defaultBudget } from '../../src/measure/sampling/budget.ts';
import type { PacedSample } from '../../src/measure/sampling/estimate.ts';
import { ratioApart, recordingsApart, type TimeRatio } from '../../src/measure/sampling/ratio.ts';
import { type InTurn, racesInTurn, tellInTurn } from '../../src/measure/sampling/ratio-in-turn.ts';
import type { Samples } from '../../src/measure/sampling/take-samples.ts';
import type { TimedBeside } from '../../src/measure/sampling/under-quiet.ts';
import { createRandom } from '../../src/support/random.ts';
import { createHostTimer, createMadeHost, type HostCourse } from '../../src/testing/made-host.ts';

/** Kernels of a log that its race timed again. */
const repeated = 5;

type Timer = ReturnType<typeof createHostTimer>;

function timerOn(course: HostCourse, seed: number): Timer {
  const host = createMadeHost(course, seed);
  return createHostTimer({ host, budget: defaultBudget('cpu'), seed, references: true, quietWait: 2.5 });
}

/** What a record would hold of these samples. */
function recorded(timer: Timer, { samplesNs, references, estimate }: Samples): TimedBeside {
  const quietNs = timer.quietNs();
  return {
    samplesNs,
    references:
      references === null
        ? null
        : { arithmetic: references.map((each) => each.arithmetic), memory: references.map((each) => each.memory) },
    relative: estimate === null || quietNs === null ? null : { ...estimate, quietNs },
  };
}

/** A kernel of `quietNs`, and how much of a host's slowdown it feels. */
interface MadeKernel {
  readonly quietNs: number;
  readonly sensitivity: number;
}

function kernelOf(seed: number): MadeKernel {
  const random = createRandom(seed).fork('kernel');
  return { quietNs: 1e5 * 50 ** random.unit(), sensitivity: 0.6 + 0.9 * random.unit() };
}

/** Two runs on a made host record a kernel, which takes `change` times as long in the second; each log also holds kernels that it timed twice. */
export async function madeApart(course: HostCourse, change: number, seed: number): Promise<TimeRatio | null> {
  const { quietNs, sensitivity } = kernelOf(seed);
  const times: number[][] = [];
  const record = async (hostSeed: number, factor: number): Promise<TimedBeside> => {
    const timer = timerOn(course, hostSeed);
    for (let at = 0; at < repeated; at++) {
      const other = kernelOf(1000 * hostSeed + at);
      const twice = [0, 1].map(() => timer.time(other.quietNs, other.sensitivity, null));
      times.push((await Promise.all(twice)).flatMap(({ estimate }) => estimate?.timeNs ?? []));
    }
    return recorded(timer, await timer.time(quietNs * factor, sensitivity, null));
  };
  const before = await record(2 * seed, 1);
  const after = await record(2 * seed + 1, change);
  const apart = recordingsApart(times);
  return ratioApart(before, after, createRandom(seed), { sameMachine: true, ...(apart === null ? {} : { apart }) });
}

/** Races of the kernel and of itself, which takes `change` times as long; null where they do not tell it. */
export async function madeInTurn(course: HostCourse, change: number, seed: number): Promise<TimeRatio | null> {
  const { quietNs, sensitivity } = kernelOf(seed);
  const host = createMadeHost(course, seed);
  const timer = createHostTimer({ host, budget: budgetInTurn('cpu'), seed, references: true, quietWait: 0 });
  const hold = async (first: 'a' | 'b'): Promise<InTurn> => {
    const timed = { a: [] as PacedSample[], b: [] as PacedSample[] };
    for (let round = 0; round < racesInTurn.rounds; round++)
      // As in a race each round begins with the other one.
      for (const which of (first === 'a') === (round % 2 === 0) ? (['a', 'b'] as const) : (['b', 'a'] as const)) {
        const { deviceNs, slowdown } = await timer.sample(quietNs * (which === 'a' ? 1 : change), sensitivity);
        timed[which].push({ ns: deviceNs, slowdown });
      }
    return { ...timed, first };
  };
  return (await tellInTurn(hold, () => false)).ratio;
}
