import { expect, it } from 'vitest';
import { createGainWatch } from '../../src/measure/build/gain-watch.ts';

it('goes on building ahead where a second build of the same candidate is quick', () => {
  const gain = createGainWatch();
  gain.see(800, 12);
  expect([gain.isProved(), gain.givenUp()]).toEqual([false, null]);
  gain.see(300, 10);
  expect([gain.isProved(), gain.givenUp()]).toEqual([true, null]);
  // One candidate that takes long again changes nothing.
  gain.see(800, 800);
  expect([gain.isProved(), gain.givenUp()]).toEqual([true, null]);
});

it('gives up where a second build takes as long, and says why', () => {
  const gain = createGainWatch();
  gain.see(302, 193);
  gain.see(202, 177);
  expect(gain.isProved()).toBe(false);
  expect(gain.givenUp()).toMatch(/2 candidates took 504 ms to build ahead, and 370 ms again/);
});

it('learns nothing from builds that were quick at once, as those that an earlier run left in the cache', () => {
  const gain = createGainWatch();
  for (let i = 0; i < 10; i++) gain.see(12, 12);
  expect([gain.isProved(), gain.givenUp()]).toEqual([false, null]);
});

it('keeps the first reason to give up', () => {
  const gain = createGainWatch();
  gain.giveUp('no second process');
  gain.giveUp('another');
  gain.see(500, 1);
  gain.see(500, 1);
  expect([gain.isProved(), gain.givenUp()]).toEqual([false, 'no second process']);
});
