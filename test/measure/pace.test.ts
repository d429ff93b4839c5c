import { describe, expect, it } from 'vitest';
import { createPace, quietOf, slowdownOf } from '../../src/measure/sampling/pace.ts';
import { createWaitBudget, quietWaitOf, waitLimits } from '../../src/measure/sampling/wait-budget.ts';
import type { ReferenceTimes } from '../../src/records/reference-names.ts';
import { createRandom } from '../../src/support/random.ts';

const quiet: ReferenceTimes = { arithmetic: 400_000, memory: 300_000 };
const slower = (by: number, noise = 1): ReferenceTimes => ({
  arithmetic: quiet.arithmetic * by * noise,
  memory: quiet.memory * by * noise,
});

describe('the pace of a machine', () => {
  it('is the geometric mean of what the references take over what they take at best', () => {
    expect(slowdownOf({ arithmetic: 1_600_000, memory: 300_000 }, quiet)).toBeCloseTo(2);
  });

  it('finds the quiet time of a machine that is quiet one moment in ten, within the noise of a reading', () => {
    const random = createRandom(3);
    const readings = Array.from({ length: 400 }, () =>
      slower(random.unit() < 0.1 ? 1 : 1.5 + random.unit(), 1 + 0.06 * (random.unit() - 0.5)),
    );
    const found = quietOf(readings) as ReferenceTimes;
    expect(Math.abs(slowdownOf(found, quiet) - 1)).toBeLessThan(0.03);
  });

  it('refines what it took for quiet once the machine becomes so, and does not creep with the noise', () => {
    const random = createRandom(5);
    const pace = createPace(null);
    for (let reading = 0; reading < 64; reading++) pace.see(slower(1.8));
    expect(slowdownOf(pace.quietNs() as ReferenceTimes, quiet)).toBeCloseTo(1.8);
    for (let reading = 0; reading < 640; reading++) pace.see(slower(1, 1 + 0.08 * (random.unit() - 0.5)));
    const found = slowdownOf(pace.quietNs() as ReferenceTimes, quiet);
    expect(found).toBeGreaterThan(0.96);
    expect(found).toBeLessThan(1.02);
  });

  it('goes by what earlier runs found, also where this one never sees the machine quiet', () => {
    const pace = createPace(quiet);
    for (let reading = 0; reading < 100; reading++) expect(pace.see(slower(1.7))).toBeCloseTo(1.7);
    expect(pace.quietNs()).toEqual(quiet);
  });
});

describe('the budget of waiting', () => {
  const clock = () => {
    let now = 0;
    return { now: () => now, pass: (ms: number) => (now += ms) };
  };

  it('waits until the machine is quiet', async () => {
    const { now, pass } = clock();
    const budget = createWaitBudget(waitLimits(1), now);
    expect(await budget.wait(async () => pass(10) >= 500)).toBe(true);
    expect(now()).toBe(500);
  });

  it('is over in bounded time on a machine that is never quiet, and grows with each trial', async () => {
    const { now, pass } = clock();
    const budget = createWaitBudget(waitLimits(1), now);
    const never = async (): Promise<boolean> => pass(10) < 0;
    for (let trial = 0; trial < 50; trial++) {
      budget.beginTrial();
      expect(await budget.wait(never)).toBe(false);
    }
    expect(now()).toBeLessThan(50 * 1000 + 2400 + 50 * 10);
    expect(now()).toBeGreaterThan(45 * 1000);
  });

  it('of all trials is at most a third of a time limit, unless the environment says otherwise', () => {
    expect(quietWaitOf({}, 64, 96)).toBeCloseTo(0.5);
    expect(quietWaitOf({}, 4, 96)).toBe(2.5);
    expect(quietWaitOf({ WGTUNE_QUIET_WAIT: '2' }, 64, 96)).toBe(2);
  });

  it('of 0 never waits, and is what the environment says where that is a number', async () => {
    let asked = 0;
    expect(await createWaitBudget(waitLimits(0)).wait(async () => ++asked > 0)).toBe(false);
    expect(asked).toBe(0);
    expect(
      [{ WGTUNE_QUIET_WAIT: '0' }, { WGTUNE_QUIET_WAIT: '1.5' }, { WGTUNE_QUIET_WAIT: 'x' }, {}].map((environment) =>
        quietWaitOf(environment),
      ),
    ).toEqual([0, 1.5, 2.5, 2.5]);
  });
});
