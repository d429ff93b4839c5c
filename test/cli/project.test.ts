import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventLineSchema } from '../../src/tuner/event-schema.ts';
import { type Ended, start, wgtuneHere } from './wgtune.ts';

const folder = mkdtempSync(join(tmpdir(), 'wgtune-project-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const config = join(folder, 'wgtune.config.mjs');
const events = join(folder, 'events.jsonl');
const summary = join(folder, 'summary.md');
const logs = join(folder, 'logs');
const bundle = join(folder, 'kernels', 'matmul');
const lines = (path: string): string[] => readFileSync(path, 'utf8').trim().split('\n');

describe("a project's file", () => {
  let tuned: Ended;
  beforeAll(async () => {
    writeFileSync(
      config,
      `import { defineConfig } from 'wgtune';
       export default defineConfig({
         log: 'logs', device: 'swiftshader', trials: 50, seed: 7, search: 'random', model: 'random',
         workloads: [
           { operator: 'matmul', shape: { m: 16, n: 16, k: 16 }, trials: 2, export: 'kernels/matmul' },
           { operator: 'matmul', shape: 'm=0' },
         ],
       });`,
    );
    tuned = await start(['tune', '--config', config, '--quiet', '--events', events], {
      env: { GITHUB_STEP_SUMMARY: summary, WGTUNE_SEED: '9' },
    }).ended;
  });

  it('tells tune what to tune: one workload that cannot be made does not keep the others from it', () => {
    expect(tuned.stdout).toMatch(/^trials +2 of 2 in /m);
    expect(tuned.code).toBe(1);
    const [mistake = '', ending = '', ...more] = tuned.stderr.trim().split('\n');
    expect(mistake).toMatch(/^error: .*m/);
    expect(ending).toBe('error: 1 of 2 workloads have no kernel: matmul');
    expect(more).toEqual([]);
    expect(readdirSync(logs)).toHaveLength(1);
  });

  it('the environment comes before it, the command line before both', async () => {
    const log = join(logs, readdirSync(logs)[0] as string);
    for (const line of lines(log)) expect(JSON.parse(line)).toMatchObject({ seed: 9, device: { name: 'swiftshader' } });
  });

  it('events are JSON Lines of the published schema, the first with its version, the last with the result', () => {
    const all = lines(events).map((line) => JSON.parse(line) as { kind: string; atMs: number });
    for (const line of all) {
      const parsed = eventLineSchema.safeParse(line);
      expect(parsed.success, `${line.kind}: ${parsed.error?.message}`).toBe(true);
    }
    expect(all[0]).toMatchObject({ kind: 'start', version: 1, schema: 'urn:wgtune:events:1' });
    expect(all.map(({ kind }) => kind).filter((kind) => kind === 'trial')).toHaveLength(2);
    expect(all.at(-1)).toMatchObject({ kind: 'result', result: { trials: 2, stoppedBy: 'trials' } });
    // The others come only in runs to which these things happen, which are checked where they do.
    const kinds = new Set(all.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(
      expect.arrayContaining(['baseline', 'device', 'result', 'space', 'start', 'trial']),
    );
    const times = all.map(({ atMs }) => atMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it('a Markdown table is appended to the summary of a step', () => {
    expect(readFileSync(summary, 'utf8')).toMatch(/^\| workload .*\n\| -+ .*\n\| matmul b=1 m=16 .* \| swiftshader /);
  });

  it('watch tells the run of a log, as text and as lines of JSON', async () => {
    const text = await wgtuneHere(['watch', logs, '--once']);
    expect(text.code).toBe(0);
    expect(text.stdout).toMatch(/^matmul b=1 m=16 .* on swiftshader {2}.*\.jsonl\nnaive schedule /);
    expect(text.stdout).toMatch(/\ntrial 2 {2}best .* after .* the run has ended\n$/);
    const json = (await wgtuneHere(['watch', '--config', config, '--once', '--json'])).stdout.trim().split('\n');
    const [first, ...trials] = json.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(first).toMatchObject({ kind: 'log', device: { name: 'swiftshader' } });
    expect(trials.filter(({ origin, race }) => origin === 'search' && race === null)).toHaveLength(2);
  });

  it('watch follows a log that grows: a line that is not whole yet is told when it is', async () => {
    const log = join(logs, readdirSync(logs)[0] as string);
    const text = readFileSync(log, 'utf8');
    const growing = join(folder, 'growing.jsonl');
    const torn = text.lastIndexOf('\n', text.length - 2) + 100;
    writeFileSync(growing, text.slice(0, torn));
    const all = (await wgtuneHere(['watch', log, '--once', '--json'])).stdout.trim().split('\n');
    const whole = (await wgtuneHere(['watch', growing, '--once', '--json'])).stdout.trim().split('\n');
    expect(whole.slice(1)).toEqual(all.slice(1, -1));
    const watching = start(['watch', growing, '--json', '--every', '0.05']);
    const seen = new Promise<string>((done) => {
      let heard = '';
      watching.process.stdout?.on('data', (part: string) => {
        heard += part;
        const lines = heard.trim().split('\n');
        if (lines.length === whole.length) appendFileSync(growing, text.slice(torn));
        if (lines.length === all.length) done(heard);
      });
    });
    expect((await seen).trim().split('\n').slice(1)).toEqual(all.slice(1));
    watching.process.kill('SIGINT');
    const { code, stderr } = await watching.ended;
    expect([code, stderr]).toEqual([0, '']);
  });

  it('compare --measure takes bundles: that of a kernel and a copy are the same', async () => {
    const [one, other] = [join(folder, 'one'), join(folder, 'other')];
    const named = ['export', 'matmul', '-s', 'm=16,n=16,k=16', '--config', config, '-o'];
    for (const path of [one, other]) expect((await wgtuneHere([...named, path])).code).toBe(0);
    const same = await wgtuneHere(['compare', one, other, '--measure', '--config', config, '--json']);
    expect(JSON.parse(same.stdout).comparisons).toMatchObject([{ verdict: 'SAME', how: 'same-kernel' }]);
    // Another text of the same kernel is built and timed.
    const kernel = join(other, 'matmul.wgsl');
    appendFileSync(kernel, '// another text\n');
    const wide = ['--margin', '900', '--json'];
    const timed = await wgtuneHere(['compare', one, other, '--measure', '--config', config, ...wide]);
    const [{ how, before, after }] = JSON.parse(timed.stdout).comparisons;
    expect([how, before.samples]).toEqual(['in-turn', after.samples]);
    expect(after.samples).toBeGreaterThan(0);
  });

  it('check fails while nothing is exported, is content afterwards, and notices a bundle that was changed', async () => {
    const only = join(folder, 'one.json');
    writeFileSync(
      only,
      JSON.stringify({
        log: 'logs',
        device: 'swiftshader',
        workloads: [{ operator: 'matmul', shape: { m: 16, n: 16, k: 16 }, export: 'kernels/matmul' }],
      }),
    );
    const before = await wgtuneHere(['check', '--config', only]);
    expect(before.code).toBe(1);
    const command = /run wgtune (export matmul .*)$/m.exec(before.stdout)?.[1] ?? '';
    expect(command).toContain('-o');
    const exported = await wgtuneHere(['export', '--config', only, '--json']);
    expect(exported.code).toBe(0);
    const [{ files }] = JSON.parse(exported.stdout);
    expect(files.map((path: string) => resolve(path))).toContain(join(bundle, 'kernel.mjs'));
    const sound = await wgtuneHere(['check', '--config', only, '--json']);
    expect(JSON.parse(sound.stdout)).toMatchObject([
      { exported: 'current', problems: [], ran: { what: 'bundle', outcome: 'ok' } },
    ]);
    expect(sound.code).toBe(0);
    const text = readdirSync(bundle).find((name) => name.endsWith('.wgsl')) as string;
    appendFileSync(join(bundle, text), '// changed\n');
    const after = await wgtuneHere(['check', '--config', only]);
    expect(after.code).toBe(1);
    expect(after.stdout).toContain('is not what its record makes now');
    expect(after.stderr).toBe(
      `device swiftshader: ${/device swiftshader: (.*)/.exec(after.stderr)?.[1]}\nerror: 1 of 1 workloads is not as committed\n`,
    );
  });
});

describe('export without an operator', () => {
  const exportOf = (name: string, workloads: readonly object[], ...more: readonly string[]) => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify({ log: 'logs', device: 'swiftshader', workloads }));
    return wgtuneHere(['export', '--config', path, ...more]);
  };

  it('goes on after a workload that has no kernel, and says at its end which are missing', async () => {
    const shape = { m: 16, n: 16, k: 16 };
    const { code, stdout, stderr } = await exportOf(
      'two.json',
      [
        { operator: 'matmul', shape: { m: 15, n: 17, k: 19 }, export: 'kernels/none' },
        { operator: 'matmul', shape, export: 'kernels/module' },
        { operator: 'softmax' },
      ],
      '--as',
      'module',
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: no record of matmul b=1 m=15 .*\(wgtune tune matmul .*\)$/m);
    expect(stderr.trim()).toMatch(/error: 1 of 2 workloads are not exported: matmul$/);
    expect(stdout).toContain(join('kernels', 'module', 'matmul.js'));
    const only = join(folder, 'module.json');
    const workloads = [{ operator: 'matmul', shape, export: 'kernels/module' }];
    writeFileSync(only, JSON.stringify({ log: 'logs', device: 'swiftshader', workloads }));
    const sound = await wgtuneHere(['check', '--config', only, '--json']);
    expect(JSON.parse(sound.stdout)).toMatchObject([{ exported: 'current', problems: [], ran: { what: 'record' } }]);
    appendFileSync(join(folder, 'kernels', 'module', 'matmul.js'), '// changed\n');
    const changed = await wgtuneHere(['check', '--config', only]);
    expect([changed.code, changed.stdout]).toEqual([
      1,
      expect.stringMatching(/is not what the logs make now; run wgtune export .* --as module/),
    ]);
  });

  it.each([
    [[{ operator: 'softmax' }], [], /no workload of the project names the folder of its bundle; add "export" to one/],
    [[{ operator: 'softmax', export: 'x' }], ['-o', 'y'], /--out is about one workload; name its operator/],
    [[{ operator: 'softmax', export: 'x' }], ['-s', 'rows=1'], /--shape is about one workload/],
  ] as const)('of %j with %j is refused in one sentence', async (workloads, more, message) => {
    const { code, stderr } = await exportOf('refused.json', workloads, ...more);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('and with one needs a folder, of which it names one', async () => {
    const { code, stderr } = await wgtuneHere(['export', 'matmul', '--no-config']);
    expect([code, stderr]).toEqual([2, 'error: name the folder to write: wgtune export matmul -o matmul-kernel\n']);
  });
});

describe('a file that is wrong', () => {
  const said = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name);
    writeFileSync(path, text);
    const { code, stderr, stdout } = await wgtuneHere(['tune', '--config', path]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(path);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    return stderr;
  };

  it.each([
    ['a.json', '{"trails": 3}', /trails is no key; did you mean trials\?/],
    ['b.json', '{"trials": 0}', /trials: /],
    [
      'c.json',
      '{"workloads": [{"operator": "matmul", "shap": "m=1"}]}',
      /workloads\.0\.shap is no key; did you mean shape\?/,
    ],
    ['d.json', '{', /cannot be loaded: /],
    ['e.mjs', 'export const x = 1;', /no default export/],
    ['f.mjs', 'throw new Error("mine");', /cannot be loaded: mine/],
    ['g.json', '{}', /lists no workloads/],
    [
      'j.mjs',
      'export default () => ({});',
      /it holds a function, where an object of keys such as workloads is expected/,
    ],
    ['k.json', 'null', /it holds null, where/],
    [
      'l.json',
      '{"workloads": [{"operator": "matmul", "shape": {"m": "x"}}]}',
      /workloads\.0\.shape: it is a text like/,
    ],
    ['m.json', '{"workloads": 5}', /workloads: .*expected array, received number/],
    ['h.json', '{"model": "xgbost"}', /model: no model; it may be xgboost, .*or the path of a file that/],
    [
      'i.json',
      '{"model": "models/none.json", "workloads": [{"operator": "matmul"}]}',
      /there is no file .*none\.json; `wgtune learn -o/,
    ],
  ])('%s is refused with the file and the key', async (name, text, message) => {
    expect(await said(name, text)).toMatch(message);
  });

  it.each([
    [join(folder, 'nowhere.mjs'), /^error: there is no .*nowhere\.mjs; `wgtune init` writes a project's file\n$/],
    [folder, /^error: .* is a folder; name the project's file in it\n$/],
  ])('%s is not there, which is said as it is', async (path, message) => {
    const { code, stderr } = await wgtuneHere(['tune', '--config', path]);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  it('is found upwards, and --no-config heeds none', async () => {
    const { code, stderr } = await wgtuneHere(['tune', '--no-config']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/name an operator .*wgtune init/);
  });

  it('in TypeScript is loaded, with its types', async () => {
    const path = join(folder, 'typed.config.ts');
    writeFileSync(
      path,
      `import { defineConfig, type Config } from 'wgtune';
       const workloads: Config['workloads'] = [{ operator: 'nothing' as string }];
       export default defineConfig({ workloads });`,
    );
    const { stderr } = await wgtuneHere(['tune', '--config', path]);
    expect(stderr).toMatch(/unknown operator|no operator "?nothing/);
  });
});

describe('init', () => {
  it('writes a file that is right, and never over another one', async () => {
    const before = process.cwd();
    const home = mkdtempSync(join(tmpdir(), 'wgtune-init-'));
    try {
      process.chdir(home);
      expect((await wgtuneHere(['init'])).stdout).toBe('wgtune.config.mjs\n');
      expect((await wgtuneHere(['init'])).code).toBe(2);
      expect((await wgtuneHere(['init', '--as', 'json'])).stderr).toContain(
        'wgtune.config.mjs configures this project already',
      );
      const { stderr } = await wgtuneHere(['tune', '-s', 'm=1']);
      // Found here, right, and read: what is wrong is only the option.
      expect(stderr).toContain('--shape is about one workload');
      expect(existsSync('tuning-logs')).toBe(false);
    } finally {
      process.chdir(before);
      rmSync(home, { recursive: true, force: true });
    }
  });
});
