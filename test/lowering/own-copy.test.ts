import { expect, it } from 'vitest';
import { add, binary, div, forLoop, int, load, mul, seq, variable as v } from '../../src/ir/builders.ts';
import { defaultLimits } from '../../src/ir/limits.ts';
import type { Expr, Program } from '../../src/ir/nodes.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import { isRefusal } from '../../src/support/refusal.ts';
import { expectSameMeaning } from './equality.ts';
import { block, buffer, spatial } from './programs.ts';

/**
 * Every lane copies two rows of X, beginning with that of its workgroup, and reads one element `row` rows further on. The distance between
 * the element read and those copied is not constant.
 */
function pickFromCopy(row: (lane: Expr) => Expr): Program {
  const copied = block('copy', [spatial('r', 8, add(v('w'), v('a'))), spatial('c', 6, v('b'))], {
    to: 'P',
    at: [v('r'), v('c')],
    value: load('X', [v('r'), v('c')]),
  });
  const picked = block('pick', [spatial('i', 4, v('w')), spatial('j', 4, v('l'))], {
    to: 'Y',
    at: [v('i'), v('j')],
    value: load('P', [add(v('i'), row(v('j'))), binary('mod', mul(v('j'), int(2)), int(6))]),
  });
  const body = seq([forLoop('a', 2, forLoop('b', 6, copied, 'unrolled'), 'unrolled'), picked]);
  return {
    inputs: ['X'],
    outputs: ['Y'],
    buffers: [buffer('X', [8, 6]), buffer('P', [8, 6], 'private'), buffer('Y', [4, 4])],
    body: [forLoop('w', 4, forLoop('l', 4, body, 'invocation.x'), 'workgroup.x')],
  };
}

it('a lane may pick any element of its own copy', () => {
  expectSameMeaning(pickFromCopy((lane) => div(lane, int(3))));
});

it('a lane may pick no element beside its own copy', () => {
  const beyond = lowerProgram(
    pickFromCopy((lane) => mul(div(lane, int(3)), int(2))),
    defaultLimits,
  );
  expect(isRefusal(beyond) && beyond.reason).toBe('private-across-invocations');
});
