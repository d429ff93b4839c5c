import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onPageNotice } from '../../src/device/browser/page-host.ts';
import { chooseDevice } from '../../src/device/devices.ts';
import { createDawnRunner } from '../../src/measure/dawn-runner.ts';
import type { MeasureRequest, Runner } from '../../src/measure/runner.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { artifactOf, naiveOf, programOf } from '../../src/tuner/build.ts';
import { verificationData } from '../../src/tuner/workload-data.ts';
import { type BrowserPage, chromiumPath, type PageBrowser, startChromium } from '../report/chromium.ts';
import { noBrowser } from './browser.ts';

const workload = makeWorkload('matmul', { shape: 'm=16,n=16,k=16' });

/** A person's browser: nothing of it was started by wgtune, and its tabs do what tabs do. */
describe.skipIf(noBrowser !== null)('a page that was opened by hand', () => {
  let browser: PageBrowser;
  let page: BrowserPage;
  let url: string;
  let runner: Runner;
  let request: MeasureRequest;
  const hidden: boolean[] = [];
  const stateOf = (of: BrowserPage): Promise<string> =>
    of.evaluate<string>("document.getElementById('state').textContent");
  const until = async (is: () => Promise<boolean>): Promise<void> => {
    while (!(await is())) await new Promise((resolve) => setTimeout(resolve, 20));
  };

  beforeAll(async () => {
    browser = startChromium((await chromiumPath()) as string, 'webgpu');
    const address = new Promise<string>((resolve) =>
      onPageNotice((notice) => (notice.kind === 'waiting' ? resolve(notice.url) : hidden.push(notice.isHidden))),
    );
    const choosing = chooseDevice('browser:none');
    url = await address;
    page = await browser.open(url);
    const device = await choosing;
    runner = await createDawnRunner({ device, quietWait: 0 });
    await runner.prepare(verificationData(workload, programOf(workload), 1).data);
    request = { artifact: artifactOf(naiveOf(workload).program, device.description), bestNs: null };
  });
  afterAll(async () => {
    onPageNotice(() => {});
    await runner.close();
    browser.close();
  });

  it('measures, and turns a second tab away, which says why', async () => {
    const trial = runner.measure(request);
    const second = await browser.open(url);
    await until(async () => (await stateOf(second)).includes('this tab is not used'));
    expect(await stateOf(second)).toBe('this tab is not used: another tab is the device already');
    await second.close();
    expect((await trial).verification).toMatchObject({ wrong: 0, checked: 256 });
  });

  it('is told of when it is hidden and when it is seen again, and goes on meanwhile', async () => {
    const turn = (state: string) =>
      page.evaluate(
        `Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true }); document.dispatchEvent(new Event('visibilitychange'))`,
      );
    hidden.length = 0;
    await turn('hidden');
    const { verification } = await runner.measure(request);
    await turn('visible');
    await until(async () => hidden.length >= 2);
    expect(hidden).toEqual([true, false]);
    expect(verification).toMatchObject({ wrong: 0, checked: 256 });
  });

  it('gives right answers where the browser slows it down', async () => {
    await page.throttle(6);
    const { verification } = await runner.measure(request);
    await page.throttle(1);
    expect(verification).toMatchObject({ wrong: 0, checked: 256 });
  });

  it('that is loaded again in the middle of a trial ends it as device-lost, and takes the next one', async () => {
    const trial = runner.measure(request);
    await page.reload();
    expect(await trial).toMatchObject({
      outcome: 'device-lost',
      error: expect.stringContaining('the page was closed, reloaded or cut off'),
    });
    expect((await runner.measure(request)).verification).toMatchObject({ wrong: 0, checked: 256 });
  });

  it('that is closed ends its trial, and the next one waits until it is opened again', async () => {
    const trial = runner.measure(request);
    await page.close();
    expect((await trial).outcome).toBe('device-lost');
    const next = runner.measure(request);
    page = await browser.open(url);
    expect((await next).verification).toMatchObject({ wrong: 0, checked: 256 });
  });
});
