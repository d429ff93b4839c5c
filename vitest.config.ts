import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vitest/config';

const folder = (name: string): string => fileURLToPath(new URL(`./${name}/`, import.meta.url));
const [source, built] = [folder('src'), folder('dist')];

/**
 * Has tests import what is shipped: the built file in the place of each source, so that the many processes they start (measuring, building, the
 * command line) start without a TypeScript loader, which takes longer than all else that they do. `test/build.ts` builds first.
 */
const builtSources: Plugin = {
  name: 'built-sources',
  enforce: 'pre',
  async resolveId(id, importer) {
    if (!id.endsWith('.ts')) return null;
    const found = await this.resolve(id, importer, { skipSelf: true });
    if (!found?.id.startsWith(source)) return found;
    const file = `${built}${found.id.slice(source.length, -'.ts'.length)}.js`;
    return existsSync(file) ? file : found;
  },
};

/** Tests with `vi.mock`. */
const replacing = ['test/cli/failures.test.ts', 'test/cli/oversized.test.ts'];

export default defineConfig({
  plugins: [builtSources],
  test: {
    projects: [
      // Built files are loaded by Node itself: through the test runner every test file took four times as long to load.
      {
        extends: true,
        test: {
          name: 'tests',
          include: ['test/**/*.test.ts'],
          exclude: replacing,
          server: { deps: { external: [/\/dist\//] } },
        },
      },
      // Modules can be replaced only where the runner loads them.
      { extends: true, test: { name: 'tests that replace modules', include: replacing } },
    ],
    globalSetup: 'test/build.ts',
    // These end what hangs; no test is about them. A busy machine takes a minute for what a quiet one does in three seconds.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Two workers at most: device tests time out when a small machine is oversubscribed.
    maxWorkers: 2,
    // Tests are not about times, and while they run the machine is never quiet.
    env: { WGTUNE_QUIET_WAIT: '0' },
  },
});
