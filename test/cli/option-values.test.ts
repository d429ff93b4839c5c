import { describe, expect, it } from 'vitest';
import { followUp, shellWord } from '../../src/cli/kernel-options.ts';
import { assignment, oneOf, positiveNumber, shapeText, wholeNumber } from '../../src/cli/option-values.ts';

describe('option values', () => {
  it('whole numbers in a range', () => {
    const parse = wholeNumber('--n', 1, 10);
    expect([parse('1'), parse('+7'), parse('10')]).toEqual([1, 7, 10]);
    for (const text of ['0', '11', '-1', '1.5', '1e1', '0x5', '', ' 1', 'NaN'])
      expect(() => parse(text), text).toThrow(`--n "${text}" must be a whole number from 1 to 10`);
  });

  it('positive numbers', () => {
    const parse = positiveNumber('--t', 'seconds');
    expect([parse('0.5'), parse('90'), parse('.25')]).toEqual([0.5, 90, 0.25]);
    for (const text of ['0', '0.0', '-1', '1e3', '', '.', 'Infinity'])
      expect(() => parse(text), text).toThrow('must be a number of seconds above 0');
  });

  it('one of some names', () => {
    const parse = oneOf('--search', ['beam', 'random']);
    expect(parse('beam')).toBe('beam');
    expect(() => parse('toString')).toThrow('--search "toString" must be beam or random');
    expect(() => parse('randon')).toThrow('did you mean random?');
  });

  it('collects texts and shapes', () => {
    const parse = assignment('--attr');
    expect(parse('b=x=y', parse('a=1'))).toEqual({ a: '1', b: 'x=y' });
    expect(parse('constructor=')).toEqual({ constructor: '' });
    expect(() => parse('a=2', { a: '1' })).toThrow('--attr gives a twice');
    expect(() => parse('=2')).toThrow('must be name=value');
    expect(shapeText('n=2', shapeText('m=1'))).toBe('m=1,n=2');
  });
});

describe('commands to go on with', () => {
  it('repeat what names the workload, the device and the logs, ready for a shell', () => {
    const flags = {
      shape: 'm=3,n=5',
      attr: { expression: "relu(x) + 'y" },
      dtype: 'f16',
      device: 'lavapipe',
      profile: 'native' as const,
      log: 'my logs',
    };
    expect(followUp('show', 'elementwise', flags, '--as', 'wgsl')).toBe(
      `wgtune show elementwise -s m=3,n=5 --attr 'expression=relu(x) + '\\''y' --dtype f16 --device lavapipe --profile native --log 'my logs' --as wgsl`,
    );
    expect(followUp('tune', 'matmul', { profile: 'browser' })).toBe('wgtune tune matmul');
  });

  it('quotes what a shell would change', () => {
    expect(['a=b,c', '', '*', '$HOME', 'a;b'].map(shellWord)).toEqual(['a=b,c', "''", "'*'", "'$HOME'", "'a;b'"]);
  });
});
