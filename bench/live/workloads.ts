import { modelLayers, titleOf } from '../models/workloads.ts';

/** A workload as the command line takes it, and where it is from. */
export interface LiveWorkload {
  readonly title: string;
  readonly operator: string;
  readonly shape: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Layers of the table of models: convolutions 3x3, 1x1 and depthwise, products of many rows and of one, attention, and a softmax of a long row. */
const layers: readonly string[] = [
  'ResNet-50: conv2_x 3x3',
  'ResNet-50: conv5_x 3x3',
  'MobileNetV2: project 1x1',
  'MobileNetV2: depthwise 3x3, 144 channels',
  'ViT-B/16: attention output',
  'Qwen2.5-0.5B decode: feed-forward up',
  'BERT-base, 128 tokens: attention',
  'Qwen2.5-0.5B decode: softmax of the vocabulary',
];

/** What networks compute between their layers, and the product on which the search was first looked at. */
const further: readonly LiveWorkload[] = [
  {
    ...{ title: 'BERT-base, 128 tokens: attention scores', operator: 'matmul' },
    ...{ shape: 'b=12,m=128,n=128,k=64,transpose_b=1', attributes: {} },
  },
  { title: 'product 192x256x160', operator: 'matmul', shape: 'm=192,n=256,k=160', attributes: {} },
];

export const liveWorkloads: readonly LiveWorkload[] = [
  ...layers.map((title): LiveWorkload => {
    const layer = modelLayers.find((one) => titleOf(one) === title);
    if (layer === undefined) throw new Error(`there is no layer ${title} in bench/models/workloads.ts`);
    return { title, operator: layer.operator, shape: layer.shape, attributes: layer.attributes ?? {} };
  }),
  ...further,
];

/** A workload from `operator shape`, as flags name it. */
export function givenWorkload(text: string): LiveWorkload {
  const [operator = '', shape = ''] = text.split(' ');
  return { title: text, operator, shape, attributes: {} };
}
