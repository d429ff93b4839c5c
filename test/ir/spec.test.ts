import { expect, test } from 'vitest';
import { binary, forLoop, int, load, variable } from '../../src/ir/builders.ts';
import type { Block, Buffer, For, LoopMode, Program, Stmt } from '../../src/ir/nodes.ts';
import { checkSpec } from '../../src/ir/spec.ts';

const buffer = (name: string, more: Partial<Buffer> = {}): Buffer => ({
  name,
  dtype: 'f32',
  shape: [4],
  scope: 'storage',
  ...more,
});

/** C[vi] = A[vi], vi bound to loop i. */
const copy = (more: Partial<Block> = {}): Block => ({
  kind: 'block',
  name: 'copy',
  iters: [{ name: 'vi', extent: 4, type: 'spatial', binding: variable('i') }],
  predicate: [],
  writes: [{ buffer: 'C', indices: [variable('vi')], value: load('A', [variable('vi')]) }],
  reducer: null,
  ...more,
});

const program = (body: Stmt = forLoop('i', 4, copy()), more: Partial<Program> = {}): Program => ({
  inputs: ['A'],
  outputs: ['C'],
  buffers: [buffer('A'), buffer('C')],
  body: [body],
  ...more,
});

const inLoop = (more: Partial<Block>): Program => program(forLoop('i', 4, copy(more)));
const writing = (write: Partial<Block['writes'][number]>): Program =>
  inLoop({ writes: [{ ...(copy().writes[0] as Block['writes'][number]), ...write }] });
const modes = (outer: LoopMode, inner: LoopMode, outerExtent = 2): For =>
  forLoop('t', outerExtent, forLoop('i', 4, copy(), inner), outer);
const onAxis = (binding: Block['iters'][number]['binding']): Block =>
  copy({ iters: [{ name: 'vi', extent: 4, type: 'spatial', binding }] });

test('a program as it should be has no fault', () => {
  expect(checkSpec(program())).toBeNull();
  expect(checkSpec(program(modes('workgroup.y', 'workgroup.x')))).toBeNull();
  expect(checkSpec(program(modes('serial', 'workgroup.x', 1)))).toBeNull();
  expect(checkSpec(program(modes('invocation.x', 'invocation.x')))).toBeNull();
});

test.each<[fault: string, broken: Program]>([
  ['the name A is used twice', program(undefined, { buffers: [buffer('A'), buffer('A'), buffer('C')] })],
  [
    'buffer A has a shape that is not positive integers',
    program(undefined, { buffers: [buffer('A', { shape: [0] }), buffer('C')] }),
  ],
  ['parameter A is not declared', program(undefined, { buffers: [buffer('C')] })],
  [
    'parameter A must be in storage, not private',
    program(undefined, { buffers: [buffer('A', { scope: 'private' }), buffer('C')] }),
  ],
  ['a sequence holds fewer than two statements', program({ kind: 'seq', body: [forLoop('i', 4, copy())] })],
  [
    'a sequence stands directly in a sequence',
    program({
      kind: 'seq',
      body: [forLoop('i', 4, copy()), { kind: 'seq', body: [forLoop('j', 4, copy({ name: 'other' }))] }],
    }),
  ],
  ['the name i is used twice', program(forLoop('i', 4, forLoop('i', 4, copy())))],
  ['the name copy is used twice', program(forLoop('copy', 4, copy()))],
  ['loop i has extent 0', program(forLoop('i', 0, copy()))],
  ['loop i has extent 1.5', program(forLoop('i', 1.5, copy()))],
  ['block copy has two iters named vi', inLoop({ iters: [...copy().iters, ...copy().iters] })],
  [
    'iter vi of block copy has extent 0',
    inLoop({ iters: [{ name: 'vi', extent: 0, type: 'spatial', binding: variable('i') }] }),
  ],
  [
    'iter vi of block copy is bound to j, which is no loop around it',
    inLoop({ iters: [{ name: 'vi', extent: 4, type: 'spatial', binding: variable('j') }] }),
  ],
  [
    'block copy has a reduction iter but no reducer',
    inLoop({ iters: [{ name: 'vi', extent: 4, type: 'reduction', binding: variable('i') }] }),
  ],
  [
    'the predicate of block copy uses vi, which is no loop around it',
    inLoop({ predicate: [binary('lt', variable('vi'), int(3))] }),
  ],
  ['block copy writes nothing', inLoop({ writes: [] })],
  ['block copy uses i in A[i], which is no iter of it', writing({ value: load('A', [variable('i')]) })],
  ['block copy reads B, which is not declared', writing({ value: load('B', [variable('vi')]) })],
  ['block copy reads A with 0 indices, expected 1', writing({ value: load('A', []) })],
  ['block copy writes B, which is not declared', writing({ buffer: 'B' })],
  ['block copy writes C with 2 indices, expected 1', writing({ indices: [variable('vi'), int(0)] })],
  [
    'block copy writes C at an index that depends on the reduction iter vi',
    inLoop({
      iters: [{ name: 'vi', extent: 4, type: 'reduction', binding: variable('i') }],
      reducer: { op: 'sum', initialises: true },
    }),
  ],
  ['the vectorized loop t holds more than a block', program(modes('vectorized', 'serial'))],
  ['the workgroup loop i stands inside t, which is serial', program(modes('serial', 'workgroup.x'))],
  ['the workgroup loop i stands inside t, which is invocation.x', program(modes('invocation.x', 'workgroup.x'))],
  ['loops t and i inside it are both workgroup.x', program(modes('workgroup.x', 'workgroup.x'))],
  [
    'block copy is driven by t and i, which are both invocation.x',
    program(
      forLoop(
        't',
        2,
        forLoop('i', 2, onAxis(binary('add', binary('mul', variable('t'), int(2)), variable('i'))), 'invocation.x'),
        'invocation.x',
      ),
    ),
  ],
])('%s', (fault, broken) => {
  expect(checkSpec(broken)).toBe(fault);
});
