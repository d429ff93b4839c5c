import { makeWorkload } from '../../src/operators/parse-workload.ts';
import type { Workload } from '../../src/operators/workload.ts';

/** A layer of a published network: operator and shape as wgtune's command line takes them. */
export interface ModelLayer {
  readonly model: string;
  readonly layer: string;
  readonly operator: string;
  readonly shape: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

const relu = { epilogue: 'relu(x + bias)' };
const relu6 = { epilogue: 'clamp(x + bias, 0, 6)' };
const gelu = { epilogue: 'gelu_erf(x + bias)' };

const layersOf =
  (model: string) =>
  (layer: string, operator: string, shape: string, attributes?: Readonly<Record<string, string>>): ModelLayer => ({
    ...{ model, layer, operator, shape },
    ...(attributes === undefined ? {} : { attributes }),
  });

const resnet = layersOf('ResNet-50');
const mobilenet2 = layersOf('MobileNetV2');
const mobilenet3 = layersOf('MobileNetV3-Large');
const efficientnet = layersOf('EfficientNet-B0');
const ddpm = layersOf('DDPM U-Net 32x32');
const diffusion = layersOf('Stable Diffusion 1.5 U-Net');
const vit = layersOf('ViT-B/16');
const bert = layersOf('BERT-base, 128 tokens');
const whisper = layersOf('Whisper-tiny encoder');
const whisperDecode = layersOf('Whisper-tiny decode');
const qwen = layersOf('Qwen2.5-0.5B, prefill 128');
const qwenDecode = layersOf('Qwen2.5-0.5B decode');
const llama = layersOf('Llama-3.2-1B, prefill 128');
const llamaDecode = layersOf('Llama-3.2-1B decode');
const espcn = layersOf('ESPCN x3, 224x224');
const fsrcnn = layersOf('FSRCNN x3, 100x100');

/**
 * Layers of the networks that people run in browsers, of the sizes that their papers and released weights have, at batch 1. The first twelve are
 * a representative mix of operators and sizes.
 */
export const modelLayers: readonly ModelLayer[] = [
  resnet('conv2_x 3x3', 'conv2d', 'c=64,h=56,w=56,oc=64,kh=3,kw=3,pad=1'),
  mobilenet2('depthwise 3x3, 144 channels', 'depthwise_conv2d', 'c=144,h=56,w=56,kh=3,kw=3,pad=1'),
  vit('attention output', 'matmul', 'm=197,n=768,k=768,bias=1'),
  bert('attention', 'attention', 'h=12,m=128,n=128,d=64,dv=64'),
  mobilenet2('project 1x1', 'conv2d', 'c=384,h=14,w=14,oc=64,kh=1,kw=1,pad=0'),
  llamaDecode('feed-forward up', 'matmul', 'm=1,n=8192,k=2048'),
  bert('layer norm', 'layer_norm', 'rows=128,cols=768'),
  efficientnet('depthwise 5x5, stride 2', 'depthwise_conv2d', 'c=144,h=56,w=56,kh=5,kw=5,stride=2,pad=2'),
  ddpm('residual block 3x3', 'conv2d', 'c=256,h=16,w=16,oc=256,kh=3,kw=3,pad=1'),
  fsrcnn('deconvolution', 'conv_transpose2d', 'c=56,h=100,w=100,oc=1,kh=9,kw=9,stride=3,pad=4,output_pad=2'),
  bert('attention weights', 'softmax', 'rows=1536,cols=128'),
  whisperDecode('attention over the sound', 'attention', 'h=6,m=1,n=1500,d=64,dv=64'),

  resnet('conv1 7x7', 'conv2d', 'c=3,h=224,w=224,oc=64,kh=7,kw=7,stride=2,pad=3', relu),
  resnet('max pool', 'max_pool2d', 'c=64,h=112,w=112,kh=3,kw=3,stride=2,pad=1'),
  resnet('conv2_x 1x1 expand', 'conv2d', 'c=64,h=56,w=56,oc=256,kh=1,kw=1,pad=0'),
  resnet('conv3_1 3x3, stride 2', 'conv2d', 'c=128,h=56,w=56,oc=128,kh=3,kw=3,stride=2,pad=1', relu),
  resnet('conv3_1 shortcut 1x1, stride 2', 'conv2d', 'c=256,h=56,w=56,oc=512,kh=1,kw=1,stride=2,pad=0'),
  resnet('conv4_x 1x1 reduce', 'conv2d', 'c=1024,h=14,w=14,oc=256,kh=1,kw=1,pad=0', relu),
  resnet('conv4_x 3x3', 'conv2d', 'c=256,h=14,w=14,oc=256,kh=3,kw=3,pad=1', relu),
  resnet('conv5_x 3x3', 'conv2d', 'c=512,h=7,w=7,oc=512,kh=3,kw=3,pad=1'),
  resnet('conv5_x 1x1 expand', 'conv2d', 'c=512,h=7,w=7,oc=2048,kh=1,kw=1,pad=0'),
  resnet('conv5_x 1x1 expand, residual', 'conv2d', 'c=512,h=7,w=7,oc=2048,kh=1,kw=1,pad=0', {
    epilogue: 'relu(x + bias + r)',
  }),
  resnet('global average pool', 'reduce', 'c=2048,h=7,w=7', { kind: 'mean', axes: 'h,w' }),
  resnet('classifier', 'matmul', 'm=1,n=1000,k=2048,transpose_b=1,bias=1'),

  mobilenet2('stem 3x3, stride 2', 'conv2d', 'c=3,h=224,w=224,oc=32,kh=3,kw=3,stride=2,pad=1', relu6),
  mobilenet2('depthwise 3x3, 32 channels', 'depthwise_conv2d', 'c=32,h=112,w=112,kh=3,kw=3,pad=1', relu6),
  mobilenet2('depthwise 3x3, stride 2', 'depthwise_conv2d', 'c=96,h=112,w=112,kh=3,kw=3,stride=2,pad=1'),
  mobilenet2('expand 1x1, 24 to 144', 'conv2d', 'c=24,h=56,w=56,oc=144,kh=1,kw=1,pad=0', relu6),
  mobilenet2('depthwise 3x3, 960 channels', 'depthwise_conv2d', 'c=960,h=7,w=7,kh=3,kw=3,pad=1'),
  mobilenet2('head 1x1', 'conv2d', 'c=320,h=7,w=7,oc=1280,kh=1,kw=1,pad=0', relu6),

  mobilenet3('depthwise 5x5, stride 2', 'depthwise_conv2d', 'c=72,h=56,w=56,kh=5,kw=5,stride=2,pad=2'),
  mobilenet3('depthwise 5x5, 672 channels', 'depthwise_conv2d', 'c=672,h=14,w=14,kh=5,kw=5,pad=2'),
  mobilenet3('hard swish', 'elementwise', 'c=240,h=28,w=28', { expression: 'x * clamp(x + 3, 0, 6) / 6' }),
  mobilenet3('squeeze', 'matmul', 'm=1,n=240,k=960,transpose_b=1,bias=1'),

  efficientnet('expand 1x1, 40 to 240', 'conv2d', 'c=40,h=28,w=28,oc=240,kh=1,kw=1,pad=0'),
  efficientnet('depthwise 5x5, 1152 channels', 'depthwise_conv2d', 'c=1152,h=7,w=7,kh=5,kw=5,pad=2'),
  efficientnet('project 1x1, 1152 to 192', 'conv2d', 'c=1152,h=7,w=7,oc=192,kh=1,kw=1,pad=0'),
  efficientnet('gate by channel', 'elementwise', 'c=240,h=28,w=28', { expression: 'x * y', y: '1,c,1,1' }),
  efficientnet('batch norm', 'batch_norm', 'c=96,h=56,w=56'),

  ddpm('first block 3x3', 'conv2d', 'c=128,h=32,w=32,oc=128,kh=3,kw=3,pad=1'),
  ddpm('lowest block 3x3', 'conv2d', 'c=256,h=8,w=8,oc=256,kh=3,kw=3,pad=1'),
  ddpm('attention', 'attention', 'h=1,m=256,n=256,d=256,dv=256'),
  ddpm('skip connection', 'concat', 'inner=256', { parts: '256,256' }),
  ddpm('group norm', 'group_norm', 'c=128,h=32,w=32,groups=32'),
  diffusion('group norm', 'group_norm', 'c=320,h=64,w=64,groups=32'),
  diffusion('upsample', 'resize', 'c=640,h=32,w=32,oh=64,ow=64', { coordinates: 'asymmetric', rounding: 'floor' }),
  diffusion('input 3x3', 'conv2d', 'c=4,h=64,w=64,oc=320,kh=3,kw=3,pad=1'),
  diffusion('shortcut 1x1', 'conv2d', 'c=320,h=32,w=32,oc=640,kh=1,kw=1,pad=0'),
  diffusion('middle block 3x3', 'conv2d', 'c=1280,h=8,w=8,oc=1280,kh=3,kw=3,pad=1'),
  diffusion('self attention 16x16', 'attention', 'h=8,m=256,n=256,d=160,dv=160'),
  diffusion('cross attention 32x32', 'attention', 'h=8,m=1024,n=77,d=80,dv=80'),
  diffusion('query projection 16x16', 'matmul', 'm=256,n=1280,k=1280'),

  vit('patch embedding 16x16', 'conv2d', 'c=3,h=224,w=224,oc=768,kh=16,kw=16,stride=16,pad=0'),
  vit('query, key, value', 'matmul', 'm=197,n=2304,k=768,bias=1'),
  vit('attention', 'attention', 'h=12,m=197,n=197,d=64,dv=64'),
  vit('feed-forward up', 'matmul', 'm=197,n=3072,k=768', gelu),
  vit('feed-forward down', 'matmul', 'm=197,n=768,k=3072,bias=1'),
  vit('layer norm', 'layer_norm', 'rows=197,cols=768'),
  vit('attention weights', 'softmax', 'rows=2364,cols=197'),

  bert('query projection', 'matmul', 'm=128,n=768,k=768,bias=1'),
  bert('feed-forward up', 'matmul', 'm=128,n=3072,k=768', gelu),
  bert('feed-forward down', 'matmul', 'm=128,n=768,k=3072,bias=1'),
  bert('word embeddings', 'gather', 'n=128,v=30522,d=768'),
  bert('split heads', 'transpose', 'n=1,c=128,h=12,w=64', { order: 'n,h,c,w' }),
  bert('pooler', 'matmul', 'm=1,n=768,k=768,transpose_b=1', { epilogue: 'tanh(x + bias)' }),
  bert('residual', 'elementwise', 'c=1,h=128,w=768', { expression: 'x + y', y: 'n,c,h,w' }),

  whisper('conv1', 'conv1d', 'c=80,l=3000,oc=384,k=3,pad=1', gelu),
  whisper('conv2, stride 2', 'conv1d', 'c=384,l=3000,oc=384,k=3,stride=2,pad=1', gelu),
  whisper('attention', 'attention', 'h=6,m=1500,n=1500,d=64,dv=64'),
  whisper('attention output', 'matmul', 'm=1500,n=384,k=384,bias=1'),
  whisper('layer norm', 'layer_norm', 'rows=1500,cols=384'),
  whisperDecode('feed-forward up', 'matmul', 'm=1,n=1536,k=384', gelu),
  whisperDecode('logits', 'matmul', 'm=1,n=51865,k=384,transpose_b=1'),

  qwen('query projection', 'matmul', 'm=128,n=896,k=896,bias=1'),
  qwen('key projection', 'matmul', 'm=128,n=128,k=896,bias=1'),
  qwen('feed-forward up', 'matmul', 'm=128,n=4864,k=896'),
  qwen('causal attention', 'attention', 'h=14,kv_heads=2,m=128,n=128,d=64,dv=64,causal=1'),
  qwen('gated activation', 'glu', 'rows=128,cols=4864'),
  qwen('RMS norm', 'rms_norm', 'rows=128,cols=896'),
  qwenDecode('feed-forward up', 'matmul', 'm=1,n=4864,k=896'),
  qwenDecode('feed-forward down', 'matmul', 'm=1,n=896,k=4864'),
  qwenDecode('feed-forward up, 4 bits', 'quantized_matmul', 'm=1,n=4864,k=896,bits=4,block=32'),
  qwenDecode('attention, 1024 keys', 'attention', 'h=14,kv_heads=2,m=1,n=1024,d=64,dv=64'),
  qwenDecode('softmax of the vocabulary', 'softmax', 'rows=1,cols=151936'),

  llama('query projection', 'matmul', 'm=128,n=2048,k=2048'),
  llama('key projection', 'matmul', 'm=128,n=512,k=2048'),
  llama('causal attention', 'attention', 'h=32,kv_heads=8,m=128,n=128,d=64,dv=64,causal=1'),
  llama('rotary embedding of queries', 'rope', 'h=32,s=128,d=64'),
  llama('RMS norm', 'rms_norm', 'rows=128,cols=2048'),
  llamaDecode('query projection', 'matmul', 'm=1,n=2048,k=2048,transpose_b=1'),
  llamaDecode('feed-forward down', 'matmul', 'm=1,n=2048,k=8192'),
  llamaDecode('feed-forward up, 4 bits', 'quantized_matmul', 'm=1,n=8192,k=2048,bits=4,block=32'),
  llamaDecode('attention, 1024 keys', 'attention', 'h=32,kv_heads=8,m=1,n=1024,d=64,dv=64'),
  llamaDecode('RMS norm', 'rms_norm', 'rows=1,cols=2048'),

  espcn('conv1 5x5', 'conv2d', 'c=1,h=224,w=224,oc=64,kh=5,kw=5,pad=2', relu),
  espcn('conv3 3x3', 'conv2d', 'c=64,h=224,w=224,oc=32,kh=3,kw=3,pad=1'),
  espcn('conv4 3x3', 'conv2d', 'c=32,h=224,w=224,oc=9,kh=3,kw=3,pad=1'),
  fsrcnn('shrink 1x1', 'conv2d', 'c=56,h=100,w=100,oc=12,kh=1,kw=1,pad=0'),
  fsrcnn('mapping 3x3', 'conv2d', 'c=12,h=100,w=100,oc=12,kh=3,kw=3,pad=1'),
];

/** The layer as wgtune sees it. */
export function workloadOf({ operator, shape, attributes = {} }: ModelLayer): Workload {
  return makeWorkload(operator, { shape, attributes });
}

/** `ResNet-50: conv2_x 3x3`. */
export function titleOf({ model, layer }: Pick<ModelLayer, 'model' | 'layer'>): string {
  return `${model}: ${layer}`;
}

/** What waits for memory alone: elementwise operators, and those that only move data. */
const movement = 'elements and movement';

/** Classes over which means are taken, by operator. */
const classes: Readonly<Record<string, string>> = {
  ...{ conv2d: 'convolution', conv1d: 'convolution', conv_transpose2d: 'convolution' },
  depthwise_conv2d: 'depthwise',
  ...{ matmul: 'product', quantized_matmul: 'product' },
  attention: 'attention',
  ...{ softmax: 'row by row', layer_norm: 'row by row', rms_norm: 'row by row', group_norm: 'row by row' },
  ...{ max_pool2d: 'reduction', reduce: 'reduction' },
  ...{ elementwise: movement, batch_norm: movement, glu: movement, rope: movement },
  ...{ transpose: movement, concat: movement, resize: movement, gather: movement },
};

/** A product of one row is a class of its own: it waits for its weights, not for arithmetic. */
export function classOf({ operator, params }: Pick<Workload, 'operator' | 'params'>): string {
  const found = classes[operator] ?? operator;
  return found === 'product' && params.m === 1 ? 'product of one row' : found;
}
