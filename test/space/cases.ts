import type { WorkloadWish } from '../../src/operators/parse-workload.ts';

/** Workloads of every operator, on shapes that divide by nothing as often as not. */
export interface Case {
  readonly title: string;
  readonly operator: string;
  readonly wish: WorkloadWish;
}

export function caseOf(operator: string, shape: string, attributes: Readonly<Record<string, string>> = {}): Case {
  const words = Object.entries(attributes).map(([name, text]) => `${name}: ${text}`);
  return { title: [operator, shape, ...words].join(' '), operator, wish: { shape, attributes } };
}

/** Every operator, with shapes that occur in practice and that schedulers tend to forget. */
export const cases: readonly Case[] = [
  caseOf('matmul', 'm=128,n=128,k=128'),
  caseOf('matmul', 'm=197,n=77,k=33'),
  caseOf('matmul', 'm=1,n=77,k=33'),
  caseOf('matmul', 'm=77,n=1,k=33'),
  caseOf('matmul', 'm=77,n=33,k=1'),
  caseOf('matmul', 'm=1,n=1,k=197'),
  caseOf('matmul', 'm=1,n=1,k=1'),
  caseOf('matmul', 'b=3,m=17,n=13,k=9'),
  caseOf('matmul', 'b=2,m=24,n=16,k=8,transpose_a=1'),
  caseOf('matmul', 'b=2,m=24,n=16,k=8,transpose_b=1'),
  caseOf('matmul', 'm=19,n=7,k=5,transpose_a=1,transpose_b=1'),
  caseOf('conv2d', 'n=1,c=3,h=7,w=7,oc=5'),
  caseOf('conv2d', 'n=1,c=16,h=28,w=28,oc=32'),
  caseOf('conv2d', 'n=2,c=3,h=7,w=7,oc=4,kh=1,kw=1,pad=0'),
  caseOf('conv2d', 'n=1,c=4,h=7,w=7,oc=4,stride=2,pad=1'),
  caseOf('conv2d', 'n=1,c=3,h=9,w=9,oc=2,dilation=2,pad=2'),
  caseOf('conv2d', 'n=2,c=6,h=7,w=5,oc=9,groups=3'),
  caseOf('conv2d', 'n=1,c=4,h=7,w=7,oc=4,groups=4,pad=0,stride=3'),
  caseOf('conv2d', 'n=1,c=1,h=1,w=1,oc=1,kh=1,kw=1,pad=0'),
  caseOf('reduce_sum', 'rows=256,cols=1024'),
  caseOf('reduce_sum', 'rows=1,cols=197'),
  caseOf('reduce_sum', 'rows=197,cols=1'),
  caseOf('reduce_sum', 'rows=13,cols=31,axis=0'),
  caseOf('reduce_max', 'rows=1,cols=1'),
  caseOf('reduce', 'n=1,c=4,h=3,w=96', { kind: 'argmax', axes: 'w' }),
  caseOf('reduce', 'n=2,c=4,h=3,w=9', { kind: 'log_sum_exp', axes: 'w' }),
  caseOf('reduce', 'keepdims=1', { kind: 'log_sum_exp', axes: '0', shape: '37' }),
  caseOf('reduce_max', 'rows=5,cols=36'),
  caseOf('reduce_max', 'rows=33,cols=8,axis=0'),
  caseOf('softmax', 'rows=128,cols=256'),
  caseOf('softmax', 'rows=1,cols=197'),
  caseOf('softmax', 'rows=7,cols=1'),
  caseOf('softmax', 'rows=7,cols=33'),
  caseOf('softmax', 'rows=1,cols=1'),
  caseOf('max_pool2d', 'n=1,c=3,h=9,w=8'),
  caseOf('max_pool2d', 'n=2,c=2,h=7,w=9,kh=2,kw=3,stride=1,pad=0'),
  caseOf('avg_pool2d', 'n=1,c=2,h=8,w=8,kh=2,kw=2,pad=0'),
  caseOf('transpose', 'n=1,c=7,h=5,w=9'),
  caseOf('transpose', 'n=2,c=8,h=4,w=12', { order: 'w,c,n,h' }),
  caseOf('attention', 'h=2,m=9,n=12,d=8,dv=8'),
  caseOf('layer_norm', 'rows=7,cols=36'),
  caseOf('elementwise', 'n=2,c=3,h=7,w=5'),
  caseOf('elementwise', 'n=1,c=3,h=7,w=7', { expression: 'x * y - z', y: '1,1,h,1', z: 'n,c,1,w' }),
  caseOf('elementwise', 'n=1,c=1,h=1,w=1'),
  caseOf('elementwise', 'n=2,c=4,h=16,w=32', { expression: 'x + y', y: '1,c,1,1' }),
];

/** Shapes whose grids do not fit into one dimension, and those whose reductions are split; never executed. */
export const hugeCases: readonly Case[] = [
  caseOf('elementwise', 'n=1,c=1,h=4096,w=8192'),
  caseOf('reduce_sum', 'rows=8000000,cols=4'),
  caseOf('reduce_sum', 'rows=30000000,cols=1'),
  caseOf('reduce_sum', 'rows=1,cols=30000000'),
  caseOf('reduce_sum', 'rows=8,cols=99991'),
  caseOf('reduce', 'keepdims=1', { kind: 'argmax', axes: '1', shape: '4,100000' }),
  caseOf('matmul', 'm=64,n=64,k=2048'),
  caseOf('matmul', 'm=1,n=1000,k=2048,transpose_b=1,bias=1'),
  caseOf('conv2d', 'c=512,oc=64,h=7,w=7,kh=1,kw=1,pad=0'),
  caseOf('reduce_max', 'rows=4,cols=8000000,axis=0'),
  caseOf('softmax', 'rows=8000000,cols=2'),
  caseOf('matmul', 'm=1,n=8000000,k=4'),
  caseOf('matmul', 'b=2000000,m=2,n=2,k=2'),
  caseOf('conv2d', 'n=100000,c=3,h=3,w=3,oc=16'),
];
