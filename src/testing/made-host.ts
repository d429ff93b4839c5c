import type { TimingBudget } from '../measure/runner.ts';
import { calmSlowdown, isCalm } from '../measure/sampling/estimate.ts';
import { createPace, meanTimes } from '../measure/sampling/pace.ts';
import { type PacedReading, type Samples, takeSamples } from '../measure/sampling/take-samples.ts';
import { createWaitBudget, waitLimits } from '../measure/sampling/wait-budget.ts';
import type { ReferenceTimes } from '../records/reference-names.ts';
import { assert } from '../support/errors.ts';
import { createRandom, type Random } from '../support/random.ts';

/** A stretch of time in which a host runs at one speed. */
export interface Stretch {
  readonly slowdown: number;
  readonly lastsMs: number;
}

/** The course of a host's speed, stretch after stretch, without end. */
export type HostCourse = (random: Random) => Iterator<Stretch, never>;

/** A time from an exponential distribution, as between windows that begin by chance. */
const exponential = (random: Random, meanMs: number): number => -meanMs * Math.log(1 - random.unit());

function* alternating(random: Random, slowdown: number, meanMs: number, share: number): Generator<Stretch, never> {
  for (;;) {
    yield { slowdown: 1, lastsMs: exponential(random, meanMs * 2 * (1 - share)) };
    yield { slowdown, lastsMs: exponential(random, meanMs * 2 * share) };
  }
}

/** A speed that falls step by step while the host becomes hot, and recovers. */
function* heat(): Generator<Stretch, never> {
  const steps = 30;
  for (;;)
    for (let step = 0; step < 2 * steps; step++)
      yield { slowdown: 1 + 0.4 * (1 - Math.abs(step - steps) / steps), lastsMs: 2_000 };
}

function* stalls(random: Random): Generator<Stretch, never> {
  for (;;) {
    yield { slowdown: 1, lastsMs: exponential(random, 400) };
    yield { slowdown: 50, lastsMs: 60 };
  }
}

function* slowStart(): Generator<Stretch, never> {
  yield { slowdown: 1.7, lastsMs: 60_000 };
  for (;;) yield { slowdown: 1, lastsMs: 1e9 };
}

/** The hosts on which benches and tests judge; `recordedCourse` makes one from a trace. */
export const hostCourses = {
  quiet: () => alternating(createRandom(1), 1, 1e9, 0.5),
  /** Half of the time at half the speed. */
  windows: (random: Random) => alternating(random, 2, 700, 0.5),
  /** Nearly always disturbed: quiet for a tenth of a second now and then. */
  busy: (random: Random) => alternating(random, 2, 500, 0.9),
  heat,
  stalls,
  'slow-start': slowStart,
} as const satisfies Record<string, HostCourse>;

/** Replays slowdowns that were recorded every `everyMs` milliseconds, from a place drawn at random, again and again. */
export function recordedCourse(slowdowns: readonly number[], everyMs: number): HostCourse {
  assert(slowdowns.length > 0, 'a recorded host has a slowdown at least');
  return function* (random) {
    for (let at = random.below(slowdowns.length); ; at = (at + 1) % slowdowns.length)
      yield { slowdown: Math.max(1, slowdowns[at] as number), lastsMs: everyMs };
  };
}

/** A host in simulated time: nothing really waits, and equal seeds give equal times. */
interface MadeHost {
  /** Milliseconds. */
  now(): number;
  /** Lets time pass with nothing timed. */
  rest(milliseconds: number): void;
  /** Runs work that takes `quietNs` on the quiet host and returns the nanoseconds it takes now: `sensitivity` is the slowdown's exponent. */
  run(quietNs: number, sensitivity: number): number;
}

export function createMadeHost(course: HostCourse, seed: number): MadeHost {
  const stretches = course(createRandom(seed).fork('host'));
  let now = 0;
  let current = stretches.next().value;
  let ends = current.lastsMs;
  const advance = (): void => {
    current = stretches.next().value;
    ends += current.lastsMs;
  };
  return {
    now: () => now,
    rest: (milliseconds) => {
      now += milliseconds;
      while (now >= ends) advance();
    },
    run: (quietNs, sensitivity) => {
      const begun = now;
      let left = quietNs / 1e6;
      for (;;) {
        const factor = current.slowdown ** sensitivity;
        if (now + left * factor <= ends) {
          now += left * factor;
          return (now - begun) * 1e6;
        }
        left -= (ends - now) / factor;
        now = ends;
        advance();
      }
    },
  };
}

interface HostTimer {
  /** Compiles and times, by the protocol of real devices, a kernel whose time on the quiet host is given. */
  time(quietNs: number, sensitivity: number, bestNs: number | null): Promise<Samples>;
  /** One sample for a race, after waiting for a quiet moment as the race of a device does. */
  sample(quietNs: number, sensitivity: number): Promise<PacedReading>;
  quietNs(): ReferenceTimes | null;
}

interface HostTimerOptions {
  readonly host: MadeHost;
  readonly budget: TimingBudget;
  readonly seed: number;
  /** Whether references run beside candidates. */
  readonly references: boolean;
  /** Seconds of waiting that each trial adds. */
  readonly quietWait: number;
}

/** Values as real passes on a processor show them: their own noise, that of references, and the time around them. */
const made = {
  noise: 0.01,
  referenceNoise: 0.05,
  compileMs: 300,
  overheadMs: 1.5,
  pauseMs: 4,
  freshMs: 8,
  quiet: { arithmetic: 400_000, memory: 300_000 },
} as const;

export function createHostTimer({ host, budget, seed, references, quietWait }: HostTimerOptions): HostTimer {
  const random = createRandom(seed).fork('noise');
  const pace = createPace(null);
  const waiting = createWaitBudget(waitLimits(quietWait), host.now);
  let last: { readonly times: ReferenceTimes; readonly at: number } | null = null;
  /** Disturbances only ever lengthen, so noise is skewed upward. */
  const noisy = (ns: number, noise: number): number =>
    Math.round(ns * (1 + noise * (random.unit() + random.unit() - 0.7)));
  const look = (): ReferenceTimes => {
    const times = {
      arithmetic: noisy(host.run(made.quiet.arithmetic, 1), made.referenceNoise),
      memory: noisy(host.run(made.quiet.memory, 1), made.referenceNoise),
    };
    last = { times, at: host.now() };
    return times;
  };
  const pass = (quietNs: number, sensitivity: number): PacedReading => {
    host.rest(made.overheadMs);
    const before = !references ? null : last !== null && host.now() - last.at < made.freshMs ? last.times : look();
    const deviceNs = noisy(host.run(quietNs, sensitivity), made.noise);
    const reading = { deviceNs, wallNs: deviceNs + made.overheadMs * 1e6 };
    if (before === null) return { ...reading, slowdown: 1, references: null };
    const times = meanTimes(before, look());
    return { ...reading, slowdown: pace.see(times), references: times };
  };
  const untilCalm = (): Promise<boolean> =>
    waiting.wait(async () => {
      host.rest(made.pauseMs + made.overheadMs);
      return pace.see(look()) <= calmSlowdown;
    });
  if (references)
    for (let reading = 0; reading < 48; reading++) {
      pace.see(look());
      host.rest(made.pauseMs);
    }
  let isDisturbed = false;
  let isPatient = true;
  return {
    quietNs: () => pace.quietNs(),
    time: (quietNs, sensitivity, bestNs) => {
      waiting.beginTrial();
      host.rest(made.compileMs);
      const first = pass(quietNs, sensitivity);
      return takeSamples(async (repeats) => pass(quietNs * repeats, sensitivity), first, budget, bestNs, {
        now: host.now,
        rest: async (milliseconds) => host.rest(milliseconds),
        ...(references ? { untilCalm } : {}),
      });
    },
    sample: async (quietNs, sensitivity) => {
      if (references && isDisturbed && isPatient) isPatient = await untilCalm();
      const repeats = Math.max(1, Math.ceil((budget.minSampleMs * 1e6) / quietNs));
      const reading = pass(quietNs * repeats, sensitivity);
      isDisturbed = !isCalm(reading);
      return { ...reading, deviceNs: reading.deviceNs / repeats };
    },
  };
}
