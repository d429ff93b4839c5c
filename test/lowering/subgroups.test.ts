import { describe, expect, it } from 'vitest';
import { add, forLoop, int, load, lt, select, seq, variable as v } from '../../src/ir/builders.ts';
import { type DeviceLimits, defaultLimits } from '../../src/ir/limits.ts';
import type { Expr, LoopMode, Program, Reducer, Scope } from '../../src/ir/nodes.ts';
import { reducers } from '../../src/ir/reducers.ts';
import { checkSpec } from '../../src/ir/spec.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { interpret } from '../../src/testing/interpret.ts';
import { lowered, smallInputs } from './equality.ts';
import { at, block, buffer, reduction, spatial } from './programs.ts';
import { runLowered } from './simt.ts';

const withSubgroups = (size: number): DeviceLimits => ({
  ...defaultLimits,
  subgroupMinSize: size,
  subgroupMaxSize: size,
});

interface Shape {
  readonly rows: number;
  /** Rows per workgroup. */
  readonly group: number;
  readonly columns: number;
  readonly lanes: number;
  readonly op: Reducer['op'];
  /** The scope of the lanes' partial results. */
  readonly partial: Scope;
  /** Invocations along x that other work of the kernel asks for. */
  readonly wide: number;
  readonly dtype: 'f32' | 'f16';
}
const plain: Shape = {
  rows: 6,
  group: 1,
  columns: 40,
  lanes: 4,
  op: 'sum',
  partial: 'private',
  wide: 4,
  dtype: 'f32',
};

/** Y[i, j] = A[i, j] + the reduction of row i, which lanes of a subgroup share. */
function rows(shape: Shape): Program {
  const { rows: count, group, columns, lanes, op, partial, wide, dtype } = shape;
  const reducer: Reducer = { op, initialises: true };
  const steps = Math.ceil(columns / lanes);
  const groups = Math.ceil(count / group);
  const row = at(['r0', group], ['r1', 1]);
  const column = at(['c0', lanes], ['l', 1]);
  const inRow = count % group === 0 ? [] : [lt(row, int(count))];
  const inColumn = columns % lanes === 0 ? [] : [lt(column, int(columns))];
  const own = partial === 'private';
  // As rfactor leaves it.
  const inner = at(['c', lanes], ['p', 1]);
  const element = load('A', [v('i'), inner]);
  const part = block(
    'part',
    [spatial('i', count, row), spatial('p', lanes, v('l')), reduction('c', steps, v('c0'))],
    {
      to: 'parts',
      at: [v('i'), v('p')],
      value:
        columns % lanes === 0
          ? element
          : select(lt(inner, int(columns)), element, reducers[op].identity([dtype])[0] as Expr),
    },
    { reducer, predicate: inRow },
  );
  const whole = own
    ? block(
        'whole',
        [spatial('i', count, row), reduction('p', lanes, v('l'))],
        { to: 'total', at: [v('i')], value: load('parts', [v('i'), v('p')]) },
        { reducer, predicate: inRow },
      )
    : block(
        'whole',
        [spatial('i', count, row), reduction('c', columns, column)],
        { to: 'total', at: [v('i')], value: load('A', [v('i'), v('c')]) },
        { reducer, predicate: [...inRow, ...inColumn] },
      );
  const out = block(
    'out',
    [spatial('i', count, row), spatial('j', columns, at(['j0', wide], ['j1', 1]))],
    {
      to: 'Y',
      at: [v('i'), v('j')],
      value: add(load('A', [v('i'), v('j')]), load('total', [v('i')])),
    },
    {
      predicate: [...inRow, lt(at(['j0', wide], ['j1', 1]), int(columns))],
    },
  );
  const shared = own
    ? forLoop('l', lanes, seq([forLoop('c0', steps, part), whole]), 'subgroup.x')
    : forLoop('c0', steps, forLoop('l', lanes, whole, 'subgroup.x'));
  return {
    inputs: ['A'],
    outputs: ['Y'],
    buffers: [
      buffer('A', [count, columns], 'storage', dtype),
      buffer('Y', [count, columns], 'storage', dtype),
      ...(own ? [buffer('parts', [count, lanes], 'private', dtype)] : []),
      buffer('total', [count], 'private', dtype),
    ],
    body: [
      forLoop(
        'r0',
        groups,
        forLoop(
          'r1',
          group,
          seq([shared, forLoop('j0', Math.ceil(columns / wide), forLoop('j1', wide, out, 'invocation.x'))]),
          'invocation.y',
        ),
        'workgroup.x',
      ),
    ],
  };
}

describe('a reduction that lanes of a subgroup share equals its meaning', () => {
  it.each<[string, Partial<Shape>]>([
    ['4 lanes', {}],
    ['8 lanes', { lanes: 8, wide: 8 }],
    ['1 lane', { lanes: 1, wide: 4 }],
    ['rows of several groups in one subgroup', { group: 3, rows: 6 }],
    ['rows that do not divide', { group: 4 }],
    ['columns that do not divide', { columns: 39 }],
    ['neither divides', { columns: 3, group: 4, op: 'min' }],
    ['maximum of columns that do not divide', { columns: 37, op: 'max' }],
    ['more invocations than lanes', { wide: 16, columns: 37 }],
    ['terms without partial results', { partial: 'storage', columns: 37, op: 'max' }],
    ['half precision', { dtype: 'f16', columns: 13 }],
  ])('%s', (_, change) => {
    const shape = { ...plain, ...change };
    const program = rows(shape);
    const inputs = smallInputs(program);
    const expected = interpret(program, inputs, { rounding: true });
    for (const size of [4, 8, 16, 32].filter((lanes) => lanes >= shape.lanes)) {
      const kernels = lowered(program, withSubgroups(size));
      expect(runLowered(kernels, inputs, { subgroupSize: size }).Y, `${size} lanes`).toEqual(expected.Y);
    }
  });
});

describe('a reduction that lanes of a subgroup share is refused', () => {
  const refusalOf = (program: Program, limits: DeviceLimits): string => {
    expect(checkSpec(program)).toBeNull();
    const result = lowerProgram(program, limits);
    if (!isRefusal(result)) throw new Error('lowered');
    return `${result.reason}: ${explainRefusal(result)}`;
  };
  it('on a device without subgroups', () =>
    expect(refusalOf(rows(plain), defaultLimits)).toMatchInlineSnapshot(
      `"subgroups: block whole_init reduces across 4 lanes of a subgroup, and the device has no subgroups; rfactor the reduction and share the partial results in workgroup memory instead"`,
    ));
  it('on a device with smaller subgroups', () =>
    expect(refusalOf(rows({ ...plain, lanes: 8, wide: 8 }), withSubgroups(4))).toMatchInlineSnapshot(
      `"subgroups: block whole_init reduces across 8 lanes of a subgroup, and the device's smallest subgroup has 4; rfactor the reduction and share the partial results in workgroup memory instead, or split by at most 4"`,
    ));
  it('where the invocations are no whole groups', () =>
    expect(refusalOf(rows({ ...plain, wide: 6 }), withSubgroups(4))).toMatchInlineSnapshot(
      `"subgroup-lanes: the 6 invocations in x are no whole groups of the 4 lanes of loop l; bind loops of a multiple of 4 iterations to invocation.x"`,
    ));
  it('where some invocations do not run it', () => {
    const program = rows(plain);
    const idle = block('idle', [spatial('i', 6, v('r0')), spatial('z', 8, v('z0'))], {
      to: 'Z',
      at: [v('i'), v('z')],
      value: load('A', [v('i'), v('z')]),
    });
    const [nest] = program.body;
    if (nest?.kind !== 'for') throw new Error('no nest');
    const more: Program = {
      ...program,
      outputs: ['Y', 'Z'],
      buffers: [...program.buffers, buffer('Z', [6, 8])],
      body: [{ ...nest, body: seq([nest.body, forLoop('z0', 8, idle, 'invocation.y')]) }],
    };
    expect(refusalOf(more, withSubgroups(4))).toMatchInlineSnapshot(
      `"subgroup-in-branch: block whole_init reduces across lanes of a subgroup but runs only where lid.y < 1; expected all invocations of the workgroup to run it; take loops of as many iterations as the workgroup has invocations along their axis, or leave them unbound"`,
    );
  });
});

describe('the spec', () => {
  const program = rows(plain);
  const changed = (lanes: number, mode: LoopMode, scope: Scope): string | null => {
    const other = rows({ ...plain, lanes });
    const text = JSON.stringify({
      ...other,
      buffers: other.buffers.map((each) => (each.name === 'total' ? { ...each, scope } : each)),
    }).replaceAll('"subgroup.x"', JSON.stringify(mode));
    return checkSpec(JSON.parse(text) as Program);
  };
  it('checks the number of lanes and the memory of the result', () => {
    expect(checkSpec(program)).toBeNull();
    expect(changed(6, 'subgroup.x', 'private')).toBe('the subgroup loop l has 6 iterations, which is no power of two');
    expect(changed(4, 'subgroup.x', 'workgroup')).toBe(
      'block whole reduces across the subgroup loop l into total, which is not private',
    );
  });
});
