import { describe, expect, it } from 'vitest';
import { makeWorkload } from '../../src/operators/parse-workload.ts';

/** The whole message with which a workload is refused. */
function complaint(operator: string, shape: string, attributes: Readonly<Record<string, string>> = {}): string {
  try {
    makeWorkload(operator, { shape, attributes });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'accepted';
}

describe('parameters that do not go together are refused with what would be right', () => {
  it.each<[string, string, Readonly<Record<string, string>>, string]>([
    [
      'conv1d',
      'l=3,k=5,pad=0',
      {},
      'conv1d: the output is empty: k=5 with dilation=1 spans 5, and l=3 with pad=0 has only 3',
    ],
    [
      'conv2d_nhwc',
      'h=3,kh=2,dilation=4,pad=0',
      {},
      'conv2d_nhwc: the output is empty: kh=2 with dilation=4 spans 5, and h=3 with pad=0 has only 3',
    ],
    [
      'depthwise_conv2d',
      'w=2,kw=3,pad=0',
      {},
      'depthwise_conv2d: the output is empty: kw=3 with dilation=1 spans 3, and w=2 with pad=0 has only 2',
    ],
    [
      'avg_pool2d',
      'w=2,kw=3,pad=0',
      {},
      'avg_pool2d: the output is empty: kw=3 spans 3, and w=2 with pad=0 has only 2',
    ],
    [
      'avg_pool2d',
      'kh=2,pad=2',
      {},
      'avg_pool2d: pad=2 must be below kh=2, or a window would hold nothing but padding',
    ],
    [
      'max_pool2d',
      'kw=2,pad=2',
      {},
      'max_pool2d: pad=2 must be below kw=2, or a window would hold nothing but padding',
    ],
    [
      'max_pool2d',
      'h=1,kh=2,pad=1,dilation=2,stride=1',
      {},
      'max_pool2d: with dilation=2 and pad=1 some window lies in the padding alone; take a smaller dilation',
    ],
    [
      'conv2d',
      'pad=2',
      { auto_pad: 'SAME_UPPER' },
      'conv2d: auto_pad=SAME_UPPER says the padding by itself; leave pad out',
    ],
    [
      'conv1d',
      'pad_right=2',
      { auto_pad: 'valid' },
      'conv1d: auto_pad=VALID says the padding by itself; leave pad_right out',
    ],
    [
      'avg_pool2d',
      '',
      { auto_pad: 'SAME' },
      'avg_pool2d: auto_pad="SAME" must be one of NOTSET, SAME_UPPER, SAME_LOWER, VALID',
    ],
    [
      'max_pool2d',
      'ceil_mode=1',
      { auto_pad: 'SAME_UPPER' },
      'max_pool2d: auto_pad=SAME_UPPER says by itself how many windows there are, as ONNX has it; leave ceil_mode out',
    ],
    [
      'conv2d',
      'auto_pad=VALID',
      {},
      'auto_pad of conv2d is a text, not part of the shape; write --attr auto_pad=VALID',
    ],
    [
      'conv_transpose2d',
      'h=1,kh=1,pad=1',
      {},
      'conv_transpose2d: the output is empty: pad=1 takes 2 off 1 made of h=1',
    ],
    ['conv_transpose2d', 'output_pad=2', {}, 'conv_transpose2d: output_pad=2 must be below stride=2 or dilation=1'],
    ['quantized_matmul', 'bits=5', {}, 'quantized_matmul: bits=5 must be 2, 4 or 8'],
    [
      'quantized_matmul',
      'block=12',
      {},
      'quantized_matmul: block=12 must be a multiple of 8, the weights of 4 bits in a 32-bit word',
    ],
    [
      'quantized_matmul',
      'bits=2,block=24',
      {},
      'quantized_matmul: block=24 must be a multiple of 16, the weights of 2 bits in a 32-bit word',
    ],
    [
      'matmul',
      '',
      { batch_a: '2,3', batch_b: '2' },
      'matmul: batch_a="2,3" and batch_b="2" do not broadcast: 3 and 2 must be equal, or one of them 1',
    ],
    ['matmul', '', { batch_a: '2,0' }, 'matmul: batch_a="2,0" must be sizes of at least 1, e.g. batch_a="8,1"'],
    [
      'matmul',
      'b=5',
      { batch_a: '2,1', batch_b: '3' },
      'matmul: batch_a="2,1" and batch_b="3" make 6 batches, not b=5; leave b out',
    ],
    [
      'softmax',
      '',
      { axis: '1' },
      'softmax: axis=1 counts the dimensions of a shape; give shape too, e.g. shape="8,12,64"',
    ],
    ['softmax', 'rows=4', { shape: '4,5' }, 'softmax: shape says every dimension by itself; leave rows out'],
    [
      'softmax',
      '',
      { shape: '4,5', axis: '2' },
      'softmax: axis="2" must count dimensions of a shape of 2: 0 to 1, or -1 for the last, each once',
    ],
    [
      'softmax',
      '',
      { shape: '4x5' },
      'softmax: shape="4x5" must be 1 to 8 sizes of at least 1, e.g. shape="2,3,5,7,11"',
    ],
    ['reduce', 'c=4', { shape: '4,5', axes: '0' }, 'reduce: shape says every dimension by itself; leave c out'],
    [
      'reduce',
      '',
      { shape: '4,5', axes: 'h' },
      'reduce: axes="h" must count dimensions of a shape of 2: 0 to 1, or -1 for the last, each once',
    ],
    [
      'attention',
      'm=9,n=8,causal=1',
      {},
      'attention: causal=1 needs m=9 to be at most n=8, or the first query would see no key',
    ],
    [
      'attention',
      'h=6,kv_heads=4',
      {},
      'attention: kv_heads=4 must divide h=6, so that equally many heads of queries share each',
    ],
    [
      'attention',
      '',
      { mask: 'm,n' },
      'attention: mask="m,n" must be four entries, b,h,m,n in this order or 1 in their places, e.g. mask="1,1,m,n"',
    ],
    [
      'attention',
      '',
      { scale: '-1' },
      'attention: scale="-1" must be a number above 0 and at most 1000, e.g. scale=0.125',
    ],
    [
      'reduce',
      '',
      { kind: 'median' },
      'reduce: kind="median" must be one of sum, mean, max, min, l1, l2, sum_square, prod, log_sum, log_sum_exp, argmax, argmin',
    ],
    ['reduce', '', { axes: 'h,h' }, 'reduce: axes="h,h" must name some of n, c, h, w, each once, e.g. axes="h,w"'],
    ['reduce', '', { axes: '' }, 'reduce: axes="" must name some of n, c, h, w, each once, e.g. axes="h,w"'],
    [
      'transpose',
      '',
      { order: 'n,h,w' },
      'transpose: order="n,h,w" must name each of n, c, h, w once, e.g. order="n,h,w,c"',
    ],
    ['concat', '', { parts: '5' }, 'concat: parts="5" must be 2 to 7 sizes of at least 1, e.g. parts="48,16"'],
    ['concat', '', { parts: '5,0' }, 'concat: parts="5,0" must be 2 to 7 sizes of at least 1, e.g. parts="48,16"'],
    ['concat', '', { parts: '5,-1' }, 'concat: parts="5,-1" must be 2 to 7 sizes of at least 1, e.g. parts="48,16"'],
    [
      'layer_norm',
      '',
      { epsilon: '0' },
      'layer_norm: epsilon="0" must be a number above 0 and at most 1, e.g. epsilon=1e-5',
    ],
    [
      'batch_norm',
      '',
      { epsilon: 'tiny' },
      'batch_norm: epsilon="tiny" must be a number above 0 and at most 1, e.g. epsilon=1e-5',
    ],
    ['group_norm', 'c=30,groups=4', {}, 'group_norm: groups=4 must divide c=30'],
    [
      'instance_norm',
      '',
      { epsilon: '-1' },
      'instance_norm: epsilon="-1" must be a number above 0 and at most 1, e.g. epsilon=1e-5',
    ],
    ['lrn', '', { alpha: '-1' }, 'lrn: alpha="-1" must be a number from 0 to 1000, e.g. alpha=1e-4'],
    ['lrn', '', { beta: '0' }, 'lrn: beta="0" must be a number above 0 and at most 16, e.g. beta=0.75'],
    ['lrn', '', { bias: 'one' }, 'lrn: bias="one" must be a number above 0 and at most 1000, e.g. bias=1'],
    ['gather', '', { indices: 'i64' }, 'gather: indices="i64" must be i32 or u32'],
    ['resize', '', { mode: 'cubic' }, 'resize: mode="cubic" must be one of nearest, bilinear'],
    [
      'resize',
      '',
      { coordinates: 'tf_crop' },
      'resize: coordinates="tf_crop" must be one of half_pixel, pytorch_half_pixel, asymmetric, align_corners',
    ],
    [
      'resize',
      '',
      { rounding: 'up' },
      'resize: rounding="up" must be one of round_prefer_floor, round_prefer_ceil, floor, ceil',
    ],
    [
      'resize',
      '',
      { scales: '2' },
      'resize: scales="2" must be two numbers above 0 with at most 6 decimals, down and across, e.g. scales="2,1.5"',
    ],
    [
      'resize',
      '',
      { scales: '2,-1' },
      'resize: scales="2,-1" must be two numbers above 0 with at most 6 decimals, down and across, e.g. scales="2,1.5"',
    ],
    ['resize', 'oh=9', { scales: '2,2' }, 'resize: scales="2,2" says the size of Y by itself; leave oh out'],
    [
      'resize',
      'h=3,w=9',
      { scales: '0.3,1' },
      'resize: the output is empty: scales="0.3,1" of h=3 and w=9 leave no element',
    ],
    [
      'resize',
      'n=1,c=1,h=100000,w=1,oh=99999,ow=1',
      {},
      'resize: positions along h would be fractions too fine for 32-bit integers; take a simpler scale, or smaller sizes',
    ],
    [
      'cumsum',
      '',
      { axis: '1' },
      'cumsum: axis=1 counts the dimensions of a shape; give shape too, e.g. shape="8,12,64"',
    ],
    ['cumsum', 'inner=2', { shape: '4,5' }, 'cumsum: shape says every dimension by itself; leave inner out'],
    [
      'glu',
      '',
      { activation: 'swish' },
      'glu: activation="swish" must be one of silu, gelu, gelu_tanh, gelu_erf, sigmoid, tanh, relu',
    ],
    [
      'glu',
      'gate_last=1',
      {},
      'glu: gate_last=1 says which half of a row is the gate, and here it is an input of its own; give packed=1 too',
    ],
    ['rope', 'd=7', {}, 'rope: d=7 must be even, because elements are rotated in pairs'],
    ['rope', 'rotary=9', {}, 'rope: rotary=9 must be even, because elements are rotated in pairs'],
    ['rope', 'd=8,rotary=10', {}, 'rope: rotary=10 may be at most d=8, the elements of a head'],
  ])('%s %s %o', (operator, shape, attributes, message) => {
    expect(complaint(operator, shape, attributes)).toBe(message);
  });

  it('but values just within the limits are taken', () => {
    expect(complaint('avg_pool2d', 'kh=2,kw=2,pad=1')).toBe('accepted');
    expect(complaint('quantized_matmul', 'k=100')).toBe('accepted');
    expect(complaint('reduce', 'h=1', { shape: '4,5', axes: '-1' })).toBe('accepted');
    expect(complaint('max_pool2d', 'h=2,w=2,kh=2,kw=2,pad=1,dilation=2,stride=1')).toBe('accepted');
    expect(complaint('conv_transpose2d', 'output_pad=1')).toBe('accepted');
    expect(complaint('conv_transpose2d', 'output_pad=2,dilation=3')).toBe('accepted');
    expect(complaint('attention', 'm=8,n=8,causal=1')).toBe('accepted');
    expect(complaint('concat', '', { parts: '1,1,1,1,1,1,1' })).toBe('accepted');
    expect(complaint('lrn', 'c=2,size=9', { alpha: '0', beta: '16', bias: '1000' })).toBe('accepted');
    expect(complaint('resize', 'oh=1,ow=1', { coordinates: 'align_corners' })).toBe('accepted');
    expect(complaint('resize', 'h=10,w=10,oh=6,ow=20', { scales: '0.6,2' })).toBe('accepted');
    expect(complaint('rope', 'd=2')).toBe('accepted');
    expect(complaint('rope', 'd=8,rotary=8')).toBe('accepted');
  });
});
