import { describe, expect, it } from 'vitest';
import { withErrorScopes } from '../../src/measure/child/error-scopes.ts';

/** The part of a GPUDevice that error scopes use: a stack of filters and what each caught. */
function scopes(caught: Readonly<Record<string, string>>): GPUDevice {
  const stack: string[] = [];
  const device = {
    pushErrorScope: (filter: string) => stack.push(filter),
    popErrorScope: async () => {
      const message = caught[stack.pop() ?? ''];
      return message === undefined ? null : { message };
    },
  };
  return device as unknown as GPUDevice;
}

describe('withErrorScopes', () => {
  it.each([
    [{ validation: 'bad binding' }, 'build-error', 'bad binding'],
    [{ internal: 'the compiler gave up' }, 'build-error', 'the compiler gave up'],
    // A buffer that could not be allocated makes everything it is bound to invalid: memory is the cause.
    [{ 'out-of-memory': 'no memory', validation: 'invalid buffer' }, 'out-of-memory', 'no memory'],
  ])('%j is %s', async (caught, outcome, error) => {
    expect(await withErrorScopes(scopes(caught), async () => 1)).toMatchObject({ kind: 'failure', outcome, error });
  });

  it('passes the value through when nothing is wrong', async () => {
    expect(await withErrorScopes(scopes({}), async () => 42)).toBe(42);
  });

  it('reports what a scope caught rather than what was thrown because of it', async () => {
    const work = async (): Promise<never> => {
      throw new Error('mapping failed');
    };
    expect(await withErrorScopes(scopes({ validation: 'cause' }), work)).toMatchObject({ error: 'cause' });
    await expect(withErrorScopes(scopes({}), work)).rejects.toThrow('mapping failed');
  });
});
