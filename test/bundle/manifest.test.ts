import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type * as Bundle from '../../bundle/kernel.mjs';
import { requirementsOf } from '../../src/ir/requirements.ts';
import { loadRecords } from '../../src/records/log-reader.ts';
import { bestKernelFor } from '../../src/tuner/best-kernel.ts';
import { exportBundle } from '../../src/tuner/export.ts';
import { manifestJsonSchema } from '../../src/tuner/manifest.ts';
import { scratchFolder } from '../tuner/synthetic.ts';
import { bestKernelOf, madeForEightLanes } from './exported.ts';

const published = new URL('../../bundle/manifest.schema.json', import.meta.url);
const readJson = (path: string | URL): Record<string, unknown> =>
  JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
/** The published schema, as a reader without our definitions reads it. */
const stranger = z.fromJSONSchema(readJson(published) as z.core.JSONSchema.JSONSchema);

describe('the manifest', () => {
  it('has a published schema, which is the one that the definition makes today', () => {
    expect(readFileSync(published, 'utf8')).toBe(`${JSON.stringify(manifestJsonSchema(), null, 2)}\n`);
  });

  it('of a kernel on subgroups says which sizes it is right for, and what to hand to requestDevice', async () => {
    const made = madeForEightLanes('softmax', (artifact) => JSON.stringify(requirementsOf(artifact))).find(
      ({ artifact }) => {
        const { subgroups, requiredLimits } = requirementsOf(artifact);
        return subgroups?.minSize === 8 && Object.keys(requiredLimits).length > 0;
      },
    );
    if (made === undefined) throw new Error('no kernel of softmax is wide and on subgroups of 8');
    const folder = scratchFolder();
    await exportBundle({ kernel: bestKernelOf(made), folder });
    const manifest = readJson(join(folder, 'manifest.json'));
    expect(stranger.safeParse(manifest).success).toBe(true);
    for (const bad of [
      { ...manifest, version: 1 },
      { ...manifest, requirements: undefined },
      { ...manifest, more: 1 },
    ])
      expect(stranger.safeParse(JSON.parse(JSON.stringify(bad))).success).toBe(false);
    const { requiredLimits } = requirementsOf(made.artifact);
    expect(requiredLimits.maxComputeInvocationsPerWorkgroup).toBeGreaterThan(256);
    expect(manifest).toMatchObject({
      version: 2,
      requirements: {
        requiredFeatures: ['subgroups'],
        requiredLimits,
        subgroups: { minSize: 8, maxSize: null, laneOrder: 'local-index' },
      },
    });
    const module = (await import(pathToFileURL(join(folder, 'kernel.mjs')).href)) as typeof Bundle;
    expect(module.manifest).toEqual(manifest);
    expect(module.deviceNeeds).toEqual({ requiredFeatures: ['subgroups'], requiredLimits });
    expect(readJson(join(folder, 'manifest.schema.json'))).toEqual(readJson(published));
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(['kernel.d.mts', 'load.d.mts', 'load.mjs']));
  });

  it('of a record of version 1 says just as much', async () => {
    const logFolder = scratchFolder();
    copyFileSync(new URL('../records/versions/v1.jsonl', import.meta.url), join(logFolder, 'v1.jsonl'));
    const { records } = await loadRecords([logFolder]);
    const record = records.find(({ device }) => device.name === 'swiftshader');
    if (record === undefined) throw new Error('v1.jsonl has no tuned kernel');
    const kernel = await bestKernelFor(record.device, { workload: record.workload, logFolder });
    const folder = scratchFolder();
    await exportBundle({ kernel, folder });
    const manifest = readJson(join(folder, 'manifest.json'));
    expect(stranger.safeParse(manifest).success).toBe(true);
    expect(manifest.requirements).toEqual(requirementsOf(kernel.artifact));
  });
});
