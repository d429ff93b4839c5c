import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Finding } from '../../src/tuner/doctor.ts';
import { wgtune } from './wgtune.ts';

it('doctor runs a kernel on every device, and gives every fault its remedy', async () => {
  const log = mkdtempSync(join(tmpdir(), 'wgtune-doctor-'));
  const { code, stdout, stderr } = await wgtune(['doctor', '--log', log, '--json']);
  expect(stderr).toBe('');
  const findings = JSON.parse(stdout) as readonly Finding[];
  expect(code).toBe(0);
  expect(findings.filter(({ state }) => state === 'bad')).toEqual([]);
  expect(findings.some(({ said }) => /^swiftshader .* builds, runs and verifies kernels$/.test(said))).toBe(true);
  expect(findings.filter(({ state, remedy }) => state === 'poor' && remedy === null)).toEqual([]);
  for (const name of ['node', 'clock', 'limits', 'booster', 'browser', 'disk', 'machine'])
    expect(findings.map((finding) => finding.name)).toContain(name);
});
