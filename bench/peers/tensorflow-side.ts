import { loadDawn } from '../../src/device/dawn.ts';
import { settleQuietly } from '../../src/measure/sampling/quiet-wait.ts';
import type { Side, SideOptions } from '../models/side.ts';
import { startTensorflow, type Tensor } from './tensorflow.ts';
import { tensorflowLayerOf } from './tensorflow-layers.ts';

/**
 * TensorFlow.js' WebGPU backend on Dawn through the `webgpu` package. The time of a run is that of its kernels alone, by the device's clock
 * (`tf.time` asks for timestamps around each dispatch), while Node's thread sleeps as when our kernels are timed: polling for the answer would
 * take a core from a device that computes on the processor. Null where it has no such operator.
 */
export async function openTensorflowSide({ device, workload, inputs, peers }: SideOptions): Promise<Side | null> {
  const create = await loadDawn(device.driver);
  const tf = await startTensorflow(peers, create, device.adapter);
  const layer = tensorflowLayerOf(tf, workload, inputs);
  if (layer === null) return null;
  const times: number[] = [];
  const timed = async (): Promise<Tensor> => {
    const made: Tensor[] = [];
    const { kernelMs } = await settleQuietly(tf.time(() => made.push(tf.tidy(layer.run))));
    if (!(kernelMs > 0)) throw new Error('TensorFlow.js gave no time');
    times.push(kernelMs * 1e6);
    return made[0] as Tensor;
  };
  return {
    way: layer.name,
    gpu: tf.backend().device,
    run: async () => (await timed()).dispose(),
    output: async () => {
      const result = await timed();
      const found = await settleQuietly(result.data());
      result.dispose();
      return layer.toOurs(found);
    },
    finish: async () => times,
  };
}
