import { expect, it } from 'vitest';
import { add, forLoop, int, load, mul, seq, variable as v } from '../../src/ir/builders.ts';
import { type DeviceLimits, defaultLimits } from '../../src/ir/limits.ts';
import type { Buffer, Program, Stmt } from '../../src/ir/nodes.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { at, block, buffer, elementwise, naiveMatmul, reduction, spatial, sum, tiledMatmul } from './programs.ts';

function refusalOf(program: Program, limits: DeviceLimits = defaultLimits): [reason: string, text: string] {
  const result = lowerProgram(program, limits);
  if (!isRefusal(result)) throw new Error('lowered');
  return [result.reason, explainRefusal(result)];
}

/** Y from A over 8 x 8, through the buffers and statements given. */
function program(body: readonly Stmt[], more: readonly Buffer[] = []): Program {
  return { inputs: ['A'], outputs: ['Y'], buffers: [buffer('A', [8, 8]), buffer('Y', [8, 8]), ...more], body };
}
const ij = (i: string, j: string) => [spatial('i', 8, v(i)), spatial('j', 8, v(j))];
const here = [v('i'), v('j')];
const copy = (name: string, from: string, to: string, i: string, j: string) =>
  block(name, ij(i, j), { to, at: here, value: load(from, here) });
const both = (i: string, j: string, body: Stmt): Stmt => forLoop(i, 8, forLoop(j, 8, body));

const big = tiledMatmul(64, 64, 64, { ty: 16, tx: 16, ry: 2, rx: 4, tk: 8, width: 4 });

it.each<[string, Program, DeviceLimits, RegExp]>([
  [
    'invocations',
    big,
    { ...defaultLimits, maxComputeInvocationsPerWorkgroup: 128 },
    /matmul has 16 x 16 x 1 = 256 .*; the device allows 128/,
  ],
  ['invocations', big, { ...defaultLimits, maxComputeWorkgroupSizeY: 8 }, /16 invocations in y; the device allows 8/],
  ['dispatch', elementwise(1024), { ...defaultLimits, maxComputeWorkgroupsPerDimension: 3 }, /4 workgroups in x; .* 3/],
  [
    'workgroup-bytes',
    big,
    { ...defaultLimits, maxComputeWorkgroupStorageSize: 2048 },
    /uses 3072 bytes of workgroup memory; .* 2048/,
  ],
  [
    'storage-buffers',
    elementwise(64),
    { ...defaultLimits, maxStorageBuffersPerShaderStage: 2 },
    /binds 3 storage buffers; .* 2/,
  ],
  [
    'code-too-large',
    tiledMatmul(64, 64, 64, { ty: 2, tx: 2, ry: 32, rx: 16, tk: 64, width: 2 }),
    defaultLimits,
    /has \d+ statements .*; at most 4096/,
  ],
])('%s', (reason, subject, limits, text) => {
  const [found, message] = refusalOf(subject, limits);
  expect(found).toBe(reason);
  expect(message).toMatch(text);
});

it('workgroup-not-outermost', () => {
  const nest = forLoop('a', 8, forLoop('b', 8, copy('copy', 'A', 'Y', 'a', 'b'), 'workgroup.x'));
  expect(refusalOf(program([nest]))).toEqual([
    'workgroup-not-outermost',
    'loop b is bound to workgroup.x but does not stand outermost in its kernel; workgroup loops stand directly in each other at the top of a kernel, before any other loop or sequence',
  ]);
});

it('axis-bound-twice', () => {
  const nest = forLoop('a', 8, forLoop('b', 8, copy('copy', 'A', 'Y', 'a', 'b'), 'workgroup.x'), 'workgroup.x');
  expect(refusalOf(program([nest]))[0]).toBe('axis-bound-twice');
});

it('parts-meet: workgroup loops side by side run at once', () => {
  const part = (name: string, from: string, to: string): Stmt =>
    forLoop(`${name}_x`, 8, forLoop(`${name}_j`, 8, copy(name, from, to, `${name}_x`, `${name}_j`)), 'workgroup.x');
  const beside = (scope: Buffer['scope']): [string, string] =>
    refusalOf(
      program([forLoop('w', 1, seq([part('fill', 'A', 'P'), part('drain', 'P', 'Y')]))], [buffer('P', [8, 8], scope)]),
    );
  expect(beside('storage')).toEqual([
    'parts-meet',
    'block drain reads elements of P that block fill writes in a workgroup loop beside its own; workgroup loops side by side are parts of one grid and run at once',
  ]);
  expect(beside('workgroup')).toEqual([
    'parts-meet',
    'block drain reads workgroup buffer P, which is written in a workgroup loop beside its own; workgroup loops side by side are parts of one grid: no workgroup runs two of them',
  ]);
  const twice = seq([part('one', 'A', 'Y'), part('two', 'A', 'Y')]);
  expect(refusalOf(program([forLoop('w', 1, twice)]))[1]).toBe(
    'block two writes elements of Y that block one writes in a workgroup loop beside its own; workgroup loops side by side are parts of one grid and run at once',
  );
});

it('outer-lane-used: an inner loop of the same axis enumerates the lanes again', () => {
  const nest = forLoop('a', 8, forLoop('b', 8, copy('copy', 'A', 'Y', 'a', 'b'), 'invocation.x'), 'invocation.x');
  expect(refusalOf(program([nest]))).toEqual([
    'outer-lane-used',
    'block copy uses a, but an inner loop of the same axis enumerates its lanes again',
  ]);
});

it('private-across-invocations', () => {
  const nest = seq([
    forLoop('a', 8, forLoop('b', 8, copy('fill', 'A', 'P', 'a', 'b')), 'invocation.x'),
    forLoop('c', 8, forLoop('d', 8, copy('drain', 'P', 'Y', 'c', 'd')), 'invocation.x'),
  ]);
  expect(refusalOf(program([forLoop('w', 1, nest)], [buffer('P', [8, 8], 'private')]))[0]).toBe(
    'private-across-invocations',
  );
});

it('private-across-invocations: more lanes read than write', () => {
  const nest = seq([
    forLoop('b', 8, copy('fill', 'A', 'P', 'a', 'b')),
    forLoop('c', 8, copy('drain', 'P', 'Y', 'a', 'c'), 'invocation.x'),
  ]);
  expect(
    refusalOf(program([forLoop('a', 8, forLoop('o', 2, nest, 'invocation.x'))], [buffer('P', [8, 8], 'private')])),
  ).toEqual([
    'private-across-invocations',
    'block drain reads private buffer P in more invocations than write it; bind the loops around both to as many invocations as the loop inside them takes',
  ]);
});

it('private-across-invocations: a lane reads elements that only other lanes wrote', () => {
  const fill = block('fill', [spatial('i', 8, v('a'))], {
    to: 'P',
    at: [v('i'), int(0)],
    value: load('A', [v('i'), int(0)]),
  });
  const drain = block('drain', ij('a', 'd'), { to: 'Y', at: here, value: load('P', [v('j'), int(0)]) });
  const nest = forLoop('a', 8, seq([fill, forLoop('d', 8, drain)]), 'invocation.x');
  expect(refusalOf(program([nest], [buffer('P', [8, 8], 'private')]))).toEqual([
    'private-across-invocations',
    'private buffer P is read where another invocation writes it',
  ]);
});

it('workgroup-across-workgroups', () => {
  const fill = block('fill', [spatial('i', 8, v('a'))], {
    to: 'P',
    at: [v('i'), int(0)],
    value: load('A', [v('i'), int(0)]),
  });
  const drain = block('drain', ij('a', 'd'), { to: 'Y', at: here, value: load('P', [v('j'), int(0)]) });
  const nest = forLoop('a', 8, seq([fill, forLoop('d', 8, drain)]), 'workgroup.x');
  expect(refusalOf(program([nest], [buffer('P', [8, 8], 'workgroup')]))[0]).toBe('workgroup-across-workgroups');
});

it.each(['private', 'workgroup'] as const)('buffer-across-kernels: %s', (scope) => {
  const kernels = [both('a', 'b', copy('fill', 'A', 'P', 'a', 'b')), both('c', 'd', copy('drain', 'P', 'Y', 'c', 'd'))];
  const [reason, text] = refusalOf(program(kernels, [buffer('P', [8, 8], scope)]));
  expect(reason).toBe('buffer-across-kernels');
  expect(text).toBe(`${scope} buffer P is accessed in kernels kernel and drain; only storage outlives a kernel`);
});

it('storage-within-kernel, unless every invocation reads what it wrote itself', () => {
  const transposed = block('drain', ij('c', 'd'), { to: 'Y', at: here, value: load('S', [v('j'), v('i')]) });
  const through = (drain: Stmt): Program =>
    program(
      [
        forLoop(
          'w',
          1,
          seq([
            forLoop('a', 8, forLoop('b', 8, copy('fill', 'A', 'S', 'a', 'b')), 'invocation.x'),
            forLoop('c', 8, forLoop('d', 8, drain), 'invocation.x'),
          ]),
        ),
      ],
      [buffer('S', [8, 8])],
    );
  const [reason, text] = refusalOf(through(transposed));
  expect(reason).toBe('storage-within-kernel');
  expect(text).toMatch(
    /^block drain reads storage buffer S, which block fill of the same kernel writes from other invocations; make them two/,
  );
  expect(isRefusal(lowerProgram(through(copy('drain', 'S', 'Y', 'c', 'd')), defaultLimits))).toBe(false);
});

it('reduction-across-lanes', () => {
  const row = block(
    'row',
    [spatial('i', 8, v('a')), reduction('k', 8, v('b'))],
    { to: 'Y', at: [v('i'), int(0)], value: load('A', [v('i'), v('k')]) },
    { reducer: sum },
  );
  const nest = forLoop('a', 8, forLoop('b', 8, row, 'invocation.x'), 'workgroup.x');
  expect(refusalOf(program([nest]))).toEqual([
    'reduction-across-lanes',
    'block row reduces over k, which is spread over invocations; split the reduction with rfactor first and bind the new spatial loop, or bind the loop to subgroup.x',
  ]);
});

it('racing-write', () => {
  const race = block('race', ij('a', 'b'), { to: 'Y', at: [v('i'), int(0)], value: load('A', here) });
  const nest = forLoop('a', 8, forLoop('b', 8, race, 'invocation.x'), 'workgroup.x');
  expect(refusalOf(program([nest]))[0]).toBe('racing-write');
});

it('vectorized-nest: more than one block, or more than four lanes', () => {
  const two = forLoop('b', 4, seq([copy('one', 'A', 'Y', 'a', 'b'), copy('two', 'A', 'Y', 'a', 'b')]), 'vectorized');
  expect(refusalOf(program([forLoop('a', 8, two)]))[0]).toBe('vectorized-nest');
  const wide = forLoop('b', 8, copy('one', 'A', 'Y', 'a', 'b'), 'vectorized');
  expect(refusalOf(program([forLoop('a', 8, wide)]))[0]).toBe('vectorized-nest');
});

it('vectorized-reduction', () => {
  const row = block(
    'row',
    [spatial('i', 8, v('a')), reduction('k', 8, at(['k0', 4], ['k1', 1]))],
    { to: 'Y', at: [v('i'), int(0)], value: load('A', [v('i'), v('k')]) },
    { reducer: sum },
  );
  const nest = forLoop('a', 8, forLoop('k0', 2, forLoop('k1', 4, row, 'vectorized')));
  expect(refusalOf(program([nest]))[0]).toBe('vectorized-reduction');
});

it('mixed-scopes', () => {
  const one = copy('both', 'A', 'Y', 'a', 'b');
  const both2 = {
    ...one,
    writes: [...one.writes, { buffer: 'P', indices: here, value: add(v('i'), mul(v('j'), int(2))) }],
  };
  expect(refusalOf(program([both('a', 'b', both2)], [buffer('P', [8, 8], 'private')]))[0]).toBe('mixed-scopes');
});

it('a program within the limits is lowered', () => {
  expect(isRefusal(lowerProgram(naiveMatmul(8, 8, 8), defaultLimits))).toBe(false);
});
