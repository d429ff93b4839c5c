import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { findBrowser, launchBrowser } from '../device/browser/launch.ts';
import { builtFile } from '../device/browser/page-host.ts';
import { servePage } from '../device/browser/page-server.ts';
import type { BrowserCheck, CheckRequest } from '../measure/page/check-protocol.ts';
import type { Workload } from '../operators/workload.ts';
import { exitCode, UserError } from '../support/errors.ts';
import { selfTestOf } from './self-test.ts';

/** A browser starts in a second or two, and a kernel's passes take some milliseconds each. */
const timeoutMs = 120_000;

const pageText = `<!doctype html>
<meta charset="utf-8">
<title>wgtune: checking an exported kernel</title>
<script type="module" src="dist/measure/page/page-check.js"></script>
`;

/**
 * Loads an exported bundle or module in a real browser, as an app does, and has it compute and be timed there. `entry` is the module's file in the
 * folder. Throws UserError where there is no browser, it has no WebGPU, or nothing of the export runs on its device.
 */
export async function checkInBrowser({
  folder,
  entry,
  workload,
  browser,
}: {
  readonly folder: string;
  readonly entry: string;
  readonly workload: Workload;
  /** Path of a browser; the Chromium of the optional package when absent. */
  readonly browser?: string;
}): Promise<BrowserCheck> {
  const found = findBrowser(browser);
  const server = await servePage((path) => {
    if (path === '') return { type: 'text/html; charset=utf-8', body: pageText };
    const [, name] = /^exported\/([\w-]+\.m?js)$/.exec(path) ?? [];
    if (name === undefined) return builtFile(path);
    return /^\.m?js$/.test(extname(name)) ? { type: 'text/javascript', body: readFileSync(join(folder, name)) } : null;
  });
  const running = launchBrowser(found, server.url);
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
    void running.ended.then((how) => reject(new Error(`it ended: ${how}`)));
  });
  try {
    const link = await Promise.race([server.page(), over]);
    const answer = new Promise<BrowserCheck>((resolve, reject) => {
      link.onMessage((raw) => {
        const message = raw as { readonly kind: string; readonly error?: string } & BrowserCheck;
        if (message.kind === 'failed') reject(new Error(message.error));
        else {
          const { vendor, architecture, clockStepNs, chosen, kernels } = message;
          resolve({ vendor, architecture, clockStepNs, chosen, kernels });
        }
      });
    });
    const request: CheckRequest = { entry: `../../../exported/${entry}`, test: selfTestOf(workload) };
    link.send(request);
    return await Promise.race([answer, over]);
  } catch (error) {
    throw new UserError(
      `the browser ${found.path} could not check the export: ${(error as Error).message}`,
      exitCode.failed,
    );
  } finally {
    clearTimeout(timer);
    running.close();
    server.close();
  }
}

/** One sentence for each kernel that is wrong, or that an app would get there and does not run. */
export function faultsOf({ chosen, kernels }: BrowserCheck): readonly string[] {
  return kernels.flatMap(({ name, wrong, checked, first, reason }) => {
    if (wrong > 0)
      return `${name} is wrong in the browser: ${first}; ${wrong} of ${checked} compared elements are wrong`;
    return name === chosen && reason !== null ? `${name} does not run in the browser: ${reason}` : [];
  });
}
