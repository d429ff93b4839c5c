import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadDawn, openDevice } from '../../src/device/dawn.ts';
import type { InputValues } from '../../src/operators/operator.ts';
import type { Workload } from '../../src/operators/workload.ts';
import type { Side, SideOptions } from '../models/side.ts';
import type { OnnxLayer } from './onnx-draft.ts';
import { onnxLayersOf } from './onnx-graphs.ts';
import { onnxModel } from './onnx-model.ts';
import { type ProfileEvent, runTimesOf } from './onnxruntime-profile.ts';

interface Session {
  run(feeds: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, { readonly data: Float32Array }>>>;
  endProfiling(): void;
}
interface OnnxRuntime {
  readonly Tensor: new (
    type: 'float32' | 'int32',
    data: Float32Array | Int32Array,
    shape: readonly number[],
  ) => unknown;
  readonly InferenceSession: { create(model: Uint8Array, options: unknown): Promise<Session> };
}

/** Operators of images, for which it changes the layout: it may do better the one way or the other. */
const withLayouts: readonly string[] = ['conv2d', 'depthwise_conv2d', 'conv1d'];

interface OnnxruntimeWay extends OnnxLayer {
  readonly preferredLayout: 'NHWC' | 'NCHW';
}

/** The ways in which ONNX Runtime may compute a workload; none where it has no such operator. */
export function onnxruntimeWaysOf(workload: Workload, inputs: InputValues): readonly OnnxruntimeWay[] {
  const layers = onnxLayersOf(workload, inputs);
  if (!withLayouts.includes(workload.operator)) return layers.map((layer) => ({ ...layer, preferredLayout: 'NHWC' }));
  return layers.flatMap((layer) =>
    (['NHWC', 'NCHW'] as const).map((layout) => ({
      ...{ ...layer, preferredLayout: layout, name: `${layer.name} ${layout}` },
    })),
  );
}

/**
 * ONNX Runtime's WebGPU provider, with all its graph optimisations and with weights in the model. It brings its own Dawn; the references run on
 * ours, in the same process and on the same driver. Times are those of its own profiler, kernel by kernel, which it writes down at the end. Two
 * sessions of one process would write theirs into one file: a process has one.
 */
export async function openOnnxruntimeSide(options: SideOptions): Promise<Side | null> {
  const { device, workload, inputs, way, peers } = options;
  const { driver, adapter, description } = device;
  const chosen = onnxruntimeWaysOf(workload, inputs)[way];
  if (chosen === undefined) return null;
  const { graph, preferredLayout, name, toOurs } = chosen;
  const { gpu } = await openDevice(await loadDawn(driver), driver, adapter, description.profile);
  const ort = createRequire(join(peers, 'package.json'))('onnxruntime-node') as OnnxRuntime;
  const folder = mkdtempSync(join(tmpdir(), 'wgtune-onnxruntime-'));
  const session = await ort.InferenceSession.create(onnxModel(graph), {
    executionProviders: [{ name: 'webgpu', preferredLayout }],
    graphOptimizationLevel: 'all',
    enableProfiling: true,
    profileFilePrefix: join(folder, 'profile'),
    // Errors alone: it warns of every node that it places.
    logSeverityLevel: 3,
  });
  const feeds = Object.fromEntries(
    Object.entries(graph.inputs).map(([input, { shape, data }]) => [
      input,
      data instanceof Int32Array
        ? new ort.Tensor('int32', data, shape)
        : new ort.Tensor('float32', data as Float32Array, shape),
    ]),
  );
  return {
    way: name,
    gpu,
    run: async () => {
      await session.run(feeds);
    },
    output: async () => {
      const [result] = Object.values(await session.run(feeds));
      return toOurs((result as { readonly data: Float32Array }).data);
    },
    finish: async () => {
      session.endProfiling();
      const [file = ''] = readdirSync(folder);
      const events = JSON.parse(readFileSync(join(folder, file), 'utf8')) as readonly ProfileEvent[];
      rmSync(folder, { recursive: true, force: true });
      return runTimesOf(events, workload.operator === 'transpose');
    },
  };
}
