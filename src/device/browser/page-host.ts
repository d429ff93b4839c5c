import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assert } from '../../support/errors.ts';
import { findBrowser, launchBrowser, type RunningBrowser } from './launch.ts';
import type { PageLink, PageServer, ServedFile } from './page-server.ts';

/** What a person should know of a page that is a device. */
type PageNotice =
  /** Nobody starts a browser: this address is to be opened by hand. */
  | { readonly kind: 'waiting'; readonly url: string; readonly port: number }
  /** The page is not seen, so that its browser may slow it down; or it is seen again. */
  | { readonly kind: 'visibility'; readonly isHidden: boolean };

/** A page that is connected. */
interface ConnectedPage {
  readonly link: PageLink;
  /** Resolves with how its browser ended; never where it was opened by hand. */
  readonly browserEnded: Promise<string>;
}

/** Serves the page that measures and has a browser open it, again and again as browsers end. One for each browser and process. */
interface PageHost {
  page(): Promise<ConnectedPage>;
  /** Ends the browser, if it was started here: nothing else ends a kernel that hangs. */
  endBrowser(): void;
}

/** In a device's driver: nothing is started, a person opens the page. */
export const openedByHand = 'none';

let listener: (notice: PageNotice) => void = () => {};
/** Who hears of notices; only the command line speaks to people. */
export function onPageNotice(next: (notice: PageNotice) => void): void {
  listener = next;
}
export function tellPageNotice(notice: PageNotice): void {
  listener(notice);
}

const hosts = new Map<string, PageHost>();

/** `browser`: a path, '' for the Chromium of the optional package, or `none`. */
export function pageHostOf(browser: string): PageHost {
  const known = hosts.get(browser) ?? createPageHost(browser);
  hosts.set(browser, known);
  return known;
}

function createPageHost(browser: string): PageHost {
  let serving: Promise<PageServer> | null = null;
  let running: RunningBrowser | null = null;
  return {
    page: async () => {
      // Only who has a page needs a server.
      serving ??= import('./page-server.ts').then(({ servePage }) => servePage(fileAt));
      const server = await serving;
      if (browser === openedByHand) {
        tellPageNotice({ kind: 'waiting', url: server.url, port: server.port });
        return { link: await server.page(), browserEnded: new Promise(() => {}) };
      }
      running ??= launchBrowser(findBrowser(browser === '' ? undefined : browser), server.url);
      const started = running;
      void started.ended.then(() => {
        if (running === started) running = null;
      });
      const link = await Promise.race([server.page(), started.ended]);
      if (typeof link === 'string') throw new Error(`the browser ended before it opened the page: ${link}`);
      return { link, browserEnded: started.ended };
    },
    endBrowser: () => {
      if (running === null) return;
      running.close();
      running = null;
      // Its socket may close only later, and must not be taken for that of the next.
      void serving?.then((server) => server.drop());
    },
  };
}

/** The package's root, from src and from dist alike. */
const root = fileURLToPath(new URL('../../../', import.meta.url));
const types: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.mjs': 'text/javascript' };
const floats = '@petamoriken/float16';

function fileAt(path: string): ServedFile | null {
  return path === '' ? { type: 'text/html; charset=utf-8', body: pageText } : builtFile(path);
}

/** A built module of this package as pages can load it; null for everything else. */
export function builtFile(path: string): ServedFile | null {
  if (path === 'dist/float16.mjs') {
    const entry = createRequire(import.meta.url).resolve(floats);
    return { type: 'text/javascript', body: readFileSync(join(dirname(dirname(entry)), 'browser', 'float16.mjs')) };
  }
  const type = types[extname(path)];
  if (type === undefined || !/^(?:dist|bundle)\/[\w/-]+\.m?js$/.test(path)) return null;
  const file = join(root, path);
  assert(existsSync(join(root, 'dist')), 'pages are served the built files; build them first');
  if (!existsSync(file)) return null;
  // Browsers find no packages by name.
  const depth = '../'.repeat(path.split('/').length - 2);
  return { type, body: readFileSync(file, 'utf8').replace(`'${floats}'`, `'./${depth}float16.mjs'`) };
}

const pageText = `<!doctype html>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>wgtune</title>
<style>body { font: 1.1em system-ui; margin: 2em; color-scheme: light dark }</style>
<h1>wgtune measures kernels here</h1>
<p id="state" role="status">connecting</p>
<script type="module" src="dist/measure/page/page-main.js"></script>
`;
