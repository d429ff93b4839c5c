import { estimateAt as at } from '../space/kernel-estimate.ts';
import { waveUse } from './device-numbers.ts';
import type { Family, Feature } from './family.ts';

const features = [
  ['log2 flops per storage byte', 'log2(flop/byte)', 'arithmetic for each byte that invocations load from storage'],
  [
    'log2 flops per workgroup byte',
    'log2(flop/byte)',
    'arithmetic for each byte that invocations load from workgroup memory',
  ],
  ['log2 outputs per fragment register', 'log2', 'results an invocation keeps for each register of its operands'],
  ['log2 flops per invocation', 'log2(flop)', 'arithmetic of one invocation'],
  ['log2 invocations in the grid', 'log2(count)', 'invocations of all workgroups'],
  ['wave use', 'fraction', 'places for workgroups on the device that are filled, over all waves'],
  [
    'log2 waves',
    'log2(count)',
    'workgroups for each place on the device, with as many on a core as it holds at a time',
  ],
  ['lane use', 'fraction', 'lanes filled where the workgroup’s invocations run in groups of 32'],
  [
    'occupancy',
    'fraction',
    'invocations a core holds at a time, of those it has room for: by registers, workgroup memory and invocations',
  ],
  [
    'log2 crowding registers',
    'log2(scalars)',
    'private scalars beyond the share of registers that an invocation of a full core has',
  ],
  ['uniform share', 'fraction', 'storage bytes loaded from one address for all neighbours'],
  ['contiguous share', 'fraction', 'storage bytes loaded from neighbouring addresses'],
  ['workgroup memory use', 'fraction', 'workgroup memory of a workgroup, of the device’s limit'],
  [
    'log2 zero-filled bytes',
    'log2(bytes)',
    'workgroup memory of all workgroups, which WebGPU fills with zeros before they start',
  ],
  ['log2 zero-filled bytes per invocation', 'log2(bytes)', 'the part of it that one invocation fills'],
  ['log2 barriers in the grid', 'log2(count)', 'barriers passed by all invocations together'],
  ['log2 flops per barrier', 'log2(flop)', 'arithmetic of an invocation between two barriers'],
  ['log2 guarded flops', 'log2(flop)', 'arithmetic computed under a guard, or for nothing'],
  [
    'statements per iteration',
    'log2(count)',
    'scalar operations of the text for each iteration of the loops around them',
  ],
] as const;

/** Ratios of estimated numbers, and what they mean on the device. */
export const machineFeatures: Family = {
  name: 'machine',
  features: features.map(([name, unit, doc]): Feature => ({ name, unit, doc })),
  writer: (_tiling, traffic, device) => (estimate, out, offset) => {
    const flops = estimate[at.flops] as number;
    const groups = estimate[at.workgroups] as number;
    const invocations = estimate[at.invocations] as number;
    const registers = estimate[at.registers] as number;
    const outputs = estimate[at.outputs] as number;
    const reads = estimate[at.storageReadBytes] as number;
    const workgroupBytes = estimate[at.workgroupBytes] as number;
    const barriers = estimate[at.barriers] as number;
    const threads = groups * invocations;
    const fragments = registers - outputs;
    const places = device.parallelWorkgroups;
    const { resident } = traffic;
    const held = resident * invocations;
    const crowding = registers - device.registersPerCore / device.invocationsPerCore;
    let column = offset;
    out[column++] = Math.log2((1 + flops) / (1 + reads));
    out[column++] = Math.log2((1 + flops) / (1 + (estimate[at.workgroupReadBytes] as number)));
    out[column++] = Math.log2(outputs / (fragments < 1 ? 1 : fragments));
    out[column++] = Math.log2(1 + flops / threads);
    out[column++] = Math.log2(threads);
    out[column++] = waveUse(groups, device);
    out[column++] = Math.log2(groups / (places * resident));
    out[column++] = invocations / (Math.ceil(invocations / 32) * 32);
    out[column++] = held > device.invocationsPerCore ? 1 : held / device.invocationsPerCore;
    out[column++] = Math.log2(1 + (crowding < 0 ? 0 : crowding));
    out[column++] = (estimate[at.storageUniformBytes] as number) / (1 + reads);
    out[column++] = (estimate[at.storageContiguousBytes] as number) / (1 + reads);
    out[column++] = workgroupBytes / device.workgroupStorage;
    out[column++] = Math.log2(1 + groups * workgroupBytes);
    out[column++] = Math.log2(1 + workgroupBytes / invocations);
    out[column++] = Math.log2(1 + threads * barriers);
    out[column++] = Math.log2((1 + flops / threads) / (1 + barriers));
    out[column++] = Math.log2(
      1 +
        (flops / (estimate[at.useful] as number)) *
          (1 - (1 - (estimate[at.guarded] as number)) * (estimate[at.useful] as number)),
    );
    out[column++] = Math.log2(1 + (estimate[at.statements] as number) / (1 + (estimate[at.iterations] as number)));
  },
};
