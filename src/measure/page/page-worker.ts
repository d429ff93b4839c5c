import { requestAll, withUsableSubgroups } from '../../device/adapter-device.ts';
import { type AdapterFacts, adapterName, adapterType } from '../../device/adapter-name.ts';
import type { DeviceDescription } from '../../ir/limits.ts';
import { InternalError } from '../../support/errors.ts';
import type { ToChild } from '../child/protocol.ts';
import { createTrialService } from '../child/trial-service.ts';
import { errorText } from '../failure.ts';
import { clockStep, coarseStepNs } from './clock-step.ts';

/** The measuring worker of a page: what the measuring process is on Dawn. The page ends it where it hangs. */

const scope = globalThis as unknown as {
  postMessage(message: unknown): void;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  readonly navigator: { readonly gpu?: GPU; readonly userAgent: string; readonly hardwareConcurrency?: number };
};

/** The cache sizes of a page's device are not to be had; these are more than most have. */
const assumedCacheBytes = { cpu: 64 << 20, gpu: 128 << 20 } as const;

async function openDevice(): Promise<{ readonly gpu: GPUDevice; readonly description: DeviceDescription }> {
  const { navigator } = scope;
  if (navigator.gpu === undefined)
    throw new Error('this browser has no WebGPU here: use one that has, by http://localhost');
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw new Error('this browser finds no WebGPU adapter');
  const { gpu, features, limits } = await requestAll(adapter);
  const { info } = adapter;
  const facts: AdapterFacts = {
    vendor: info.vendor,
    architecture: info.architecture,
    device: info.device,
    description: info.description,
    isFallback: info.isFallbackAdapter === true,
  };
  const type = adapterType(facts);
  const stepNs = await clockStep(gpu);
  const browser = browserOf(navigator.userAgent);
  const description: DeviceDescription = {
    name: `browser-${adapterName(facts)}`,
    vendor: facts.vendor,
    architecture: facts.architecture,
    device: facts.device,
    description: facts.description,
    backend: 'browser',
    driver: browser,
    type,
    dawnVersion: browser,
    profile: 'browser',
    toggles: [],
    features,
    limits,
    environment: {
      SYSTEM: systemOf(navigator.userAgent),
      CLOCK_STEP_NS: stepNs === null ? 'none' : stepNs < coarseStepNs ? 'fine' : String(stepNs),
      ...(type === 'cpu' ? { CPU_THREADS: String(navigator.hardwareConcurrency ?? 0) } : {}),
    },
  };
  return { gpu, description: await withUsableSubgroups(gpu, description) };
}

/** `Chrome 147`, `Firefox 145`, `Safari 26`. */
function browserOf(userAgent: string): string {
  const [, name = 'browser', version = ''] =
    /(Edg|Firefox|Chrome)\/(\d+)/.exec(userAgent) ?? /(Version)\/(\d+)/.exec(userAgent) ?? [];
  return `${name === 'Version' ? 'Safari' : name === 'Edg' ? 'Edge' : name} ${version}`.trim();
}

function systemOf(userAgent: string): string {
  return /Android|iPhone|iPad|Windows|Mac OS X|CrOS|Linux/.exec(userAgent)?.[0] ?? 'unknown';
}

const tell = (message: unknown): void => scope.postMessage({ kind: 'from', message });
const answer = createTrialService({
  open: openDevice,
  coldCacheBytes: () => null,
  lastLevelCacheBytes: (type) => assumedCacheBytes[type],
  tell,
});

scope.onmessage = ({ data }) => {
  void answer(data as ToChild).then(tell, (error: unknown) =>
    tell({ kind: 'failed', error: errorText(error), internal: error instanceof InternalError }),
  );
};

openDevice().then(
  ({ gpu, description }) => {
    gpu.destroy();
    scope.postMessage({ kind: 'ready', description });
  },
  (error: unknown) => scope.postMessage({ kind: 'unusable', error: errorText(error) }),
);
