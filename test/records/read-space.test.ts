import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { readExternalSpace } from '../../src/search/recorded/read-space.ts';
import type { RecordedRow, RecordedSpace } from '../../src/search/recorded/recorded-space.ts';
import { UserError } from '../../src/support/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'wgtune-spaces-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

function read(content: string | Buffer, name = `space${files++}.json`): Promise<RecordedSpace> {
  const path = join(folder, name);
  writeFileSync(path, content);
  return readExternalSpace(path);
}

/** The complaint with which reading is refused; fails where nothing is wrong. */
async function complaint(content: string | Buffer): Promise<string> {
  try {
    await read(content);
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  throw new Error('it was read');
}

const t4Row = (configuration: object, rest: object = {}): object => ({
  configuration,
  times: { compilation: 900, runtimes: [9, 2, 4, 3] },
  invalidity: 'correct',
  correctness: 1,
  measurements: [{ name: 'time', value: 4.5, unit: '' }],
  objectives: ['time'],
  ...rest,
});
const t4 = (rows: readonly object[], rest: object = {}): string =>
  JSON.stringify({ metadata: { timeunit: 'miliseconds' }, results: rows, schema_version: '1.0.0', ...rest });

const cacheRow = (time: unknown, times?: unknown): object => ({ x: 1, y: 'a', time, ...(times ? { times } : {}) });
const cacheHead =
  '{\n"device_name": "D",\n"tune_params_keys": ["y", "x"],\n"tune_params": {"x": [1, 2], "y": ["a", "b"]},\n"cache": {\n';
const cacheLine = (key: string, row: object): string => `"${key}": ${JSON.stringify(row)},\n`;

const only = ({ rows }: RecordedSpace): RecordedRow => {
  expect(rows.length).toBe(1);
  return rows[0] as RecordedRow;
};

describe('T4', () => {
  it('takes the median of the samples without the first, in nanoseconds, and keeps every sample', async () => {
    expect(only(await read(t4([t4Row({ a: 1 })])))).toEqual({
      values: [1],
      samplesNs: [9e6, 2e6, 4e6, 3e6],
      timeNs: 3e6,
      failure: null,
    });
  });

  it('takes a lone sample, and the measured value where there is no sample', async () => {
    expect(only(await read(t4([t4Row({ a: 1 }, { times: { runtimes: [9] } })]))).timeNs).toBe(9e6);
    expect(only(await read(t4([t4Row({ a: 1 }, { times: {} })]))).timeNs).toBe(4.5e6);
  });

  it.each([
    ['seconds', 3e9],
    ['ms', 3e6],
    ['microseconds', 3e3],
    ['ns', 3],
    ['fortnights', 3e6],
  ])('reads times in %s', async (timeunit, expected) => {
    expect(only(await read(t4([t4Row({ a: 1 })], { metadata: { timeunit } }))).timeNs).toBe(expected);
  });

  it.each([
    ['an invalidity', { invalidity: 'compile' }, 'compile'],
    ['an invalidity in spite of samples', { invalidity: 'correctness' }, 'correctness'],
    ['a text for a time', { measurements: [{ name: 'time', value: 'RuntimeFailedConfig' }] }, 'RuntimeFailedConfig'],
    ['no time at all', { times: { runtimes: [] }, measurements: [] }, 'no time'],
    ['no times', { times: undefined, measurements: undefined }, 'no time'],
  ])('takes %s for a failure', async (_, rest, failure) => {
    expect(only(await read(t4([t4Row({ a: 1 }, rest)])))).toMatchObject({ timeNs: null, failure });
  });

  it('keeps numbers, texts, booleans and lists as parameters, and knows what a row leaves out', async () => {
    const { parameters, rows } = await read(
      t4([t4Row({ n: 10, s: 'b', f: true, l: [1, 2] }), t4Row({ n: 2, s: 'a', f: false, extra: null, z: 1 })]),
    );
    expect(parameters).toEqual([
      { name: 'n', values: [2, 10] },
      { name: 's', values: ['a', 'b'] },
      { name: 'f', values: [false, true] },
      { name: 'l', values: ['(none)', '[1,2]'] },
      { name: 'z', values: [1, '(none)'] },
    ]);
    expect(rows.map(({ values }) => values)).toEqual([
      [10, 'b', true, '[1,2]', '(none)'],
      [2, 'a', false, '(none)', 1],
    ]);
  });

  it('keeps the fastest of several rows with the same values', async () => {
    const rows = [
      [9, 9],
      [1, 5],
      [1, 7],
    ].map((runtimes) => t4Row({ a: 1 }, { times: { runtimes } }));
    expect(only(await read(t4([...rows, t4Row({ a: 1 }, { invalidity: 'runtime' })]))).timeNs).toBe(5e6);
  });
});

describe('a Kernel Tuner cache', () => {
  it('keeps the order of the keys, and drops the first sample', async () => {
    const text = `${cacheHead}${cacheLine('a,1', cacheRow(5, [50, 3, 5])).replace(/,\n$/, '')}}}`;
    const { parameters, rows } = await read(text);
    expect(parameters.map(({ name }) => name)).toEqual(['y', 'x']);
    expect(rows).toEqual([{ values: ['a', 1], samplesNs: [50e6, 3e6, 5e6], timeNs: 4e6, failure: null }]);
  });

  it.each([
    ['"InvalidConfig"', 'InvalidConfig'],
    ['{"__error__": "CompilationFailedConfig"}', '{"__error__":"CompilationFailedConfig"}'],
    ['1e20', 'a time of 100000000000000000000'],
    ['null', 'no time'],
    ['NaN', 'no time'],
    ['-Infinity', 'no time'],
  ])('takes a time of %s for a failure', async (time, failure) => {
    const text = `${cacheHead}"a,1": {"x": 1, "y": "a", "time": ${time}}}}`;
    expect(only(await read(text))).toMatchObject({ values: ['a', 1], timeNs: null, failure });
  });

  const whole = cacheLine('a,1', cacheRow(5)) + cacheLine('b,1', { ...cacheRow(7, [8, 7]), y: 'b' });

  it('reads one that was interrupted between rows, with and without gzip', async () => {
    for (const content of [cacheHead + whole, gzipSync(cacheHead + whole)])
      expect((await read(content)).rows.map(({ timeNs }) => timeNs)).toEqual([5e6, 7e6]);
  });

  it('keeps the whole rows of one that was interrupted anywhere in a row, even in a list or a text', async () => {
    const torn = cacheLine('b,2', { x: 2, y: '}]"{', times: [4, 4, 4], time: 4 }).replace(/,\n$/, '');
    for (let cut = 1; cut < torn.length; cut++) {
      const { rows } = await read(cacheHead + whole + torn.slice(0, cut), 'torn.json');
      expect(rows.length, torn.slice(0, cut)).toBe(2);
    }
  });

  it('does not take brackets in texts for brackets', async () => {
    const row = { x: 1, y: 'NaN }{ ][ \\" Infinity', time: NaN };
    const text = `${cacheHead}"k": ${JSON.stringify(row).replace('null', 'NaN')},\n`;
    expect(only(await read(text)).values).toEqual([row.y, 1]);
  });
});

describe('a file that is no space', () => {
  it.each([
    ['', 'it is not JSON'],
    ['{"cache": ', 'it is not JSON'],
    ['[1, 2]', 'it is neither T4'],
    ['7', 'it is neither T4'],
    ['{"results": {}}', 'it is neither T4'],
    ['{"results": []}', 'it holds no measured row'],
    ['{"results": [3]}', 'results[0] is not an object'],
    ['{"results": [{}]}', 'results[0] has no object "configuration"'],
    ['{"cache": []}', 'the file has no object "cache"'],
    ['{"cache": {"a": 1}, "tune_params_keys": []}', 'cache entry "a" is not an object'],
    ['{"cache": {}, "tune_params_keys": ["x"]}', 'it holds no measured row'],
    [`${cacheHead}"a,`, 'it is neither T4'],
  ])('%s', async (content, message) => {
    const said = await complaint(content);
    expect(said).toMatch(/^\S*space\d+\.json: /);
    expect(said).toContain(message);
  });

  it('is damaged gzip, or a file that is not there', async () => {
    expect(await complaint(gzipSync('{"results": []}').subarray(0, 20))).toContain('it cannot be unpacked as gzip');
    await expect(readExternalSpace(join(folder, 'missing.json'))).rejects.toThrow(
      /missing.json: it cannot be read \(ENOENT\)/,
    );
  });

  it('is read, or a UserError says what is wrong, whatever it holds', async () => {
    const value = fc.oneof(
      fc.integer(),
      fc.double(),
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.array(fc.integer()),
    );
    const row = fc.record(
      {
        configuration: fc.oneof(fc.dictionary(fc.string(), value), value),
        times: fc.oneof(fc.record({ runtimes: fc.array(value) }), value),
        invalidity: fc.oneof(fc.constant('correct'), value),
        measurements: fc.oneof(fc.array(fc.oneof(value, fc.record({ name: fc.constant('time'), value }))), value),
        objectives: value,
      },
      { requiredKeys: [] },
    );
    const file = fc.oneof(
      fc.record({ results: fc.array(fc.oneof(row, value)), metadata: value }, { requiredKeys: ['results'] }),
      fc.record(
        {
          cache: fc.oneof(
            fc.dictionary(
              fc.string(),
              fc.oneof(fc.dictionary(fc.constantFrom('x', 'y', 'time', 'times'), value), value),
            ),
            value,
          ),
          tune_params_keys: fc.oneof(fc.constant(['x', 'y']), value),
          tune_params: value,
        },
        { requiredKeys: ['cache'] },
      ),
    );
    await fc.assert(
      fc.asyncProperty(file, fc.nat(400), async (content, cut) => {
        const text = JSON.stringify(content);
        for (const given of [text, text.slice(0, cut)]) {
          try {
            const { rows, parameters } = await read(given, 'any.json');
            for (const { values, timeNs, failure } of rows) {
              expect(values.every((v, i) => parameters[i]?.values.includes(v))).toBe(true);
              expect(timeNs === null).toBe(failure !== null);
              if (timeNs !== null) expect(timeNs).toBeGreaterThan(0);
            }
          } catch (error) {
            if (!(error instanceof UserError)) throw error;
            expect(error.message).toMatch(/any.json: \S/);
          }
        }
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});
