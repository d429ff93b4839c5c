import type { Program } from '../../src/ir/nodes.ts';
import { plain } from './schedule.ts';

/* The plain programs that tests of primitives begin with, small enough to read whole. */
export const matmul = (): Program => plain('matmul', 'm=4,n=6,k=5');
/** Sizes that few tiles divide. */
export const oddMatmul = (): Program => plain('matmul', 'm=5,n=6,k=7');
export const softmax = (): Program => plain('softmax', 'rows=3,cols=5');
export const conv = (): Program => plain('conv2d', 'n=1,c=2,h=4,w=4,oc=2,kh=3,kw=3');
