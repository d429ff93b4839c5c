/**
 * A step of the build: bundles the chart library with the page's script into one file, dist/report/charts.js, which the report puts into every page
 * and runs itself to draw. So whoever installs wgtune needs neither ECharts nor a bundler.
 */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const out = join(root, 'dist', 'report');
await build({
  entryPoints: [join(root, 'src', 'report', 'page', 'client', 'main.ts')],
  outfile: join(out, 'charts.js'),
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  legalComments: 'none',
  banner: { js: '/*! Contains Apache ECharts (Apache-2.0), zrender and jsdiff (BSD-3-Clause). */' },
  define: { 'process.env.NODE_ENV': '"production"' },
  logLevel: 'warning',
});
copyFileSync(join(root, 'node_modules', 'echarts', 'NOTICE'), join(out, 'charts.NOTICE'));
const licenses = ['echarts', 'zrender', 'diff'].map((name) => {
  const text = readFileSync(join(root, 'node_modules', name, 'LICENSE'), 'utf8');
  return `${name}\n${'='.repeat(name.length)}\n\n${text.trim()}\n`;
});
writeFileSync(join(out, 'charts.LICENSE'), licenses.join('\n\n'));
