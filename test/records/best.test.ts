import { describe, expect, it } from 'vitest';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { bestOf, createBestTable } from '../../src/records/best.ts';
import {
  architectureKey,
  deviceKey,
  differingFacts,
  distanceBetween,
  kinshipOf,
} from '../../src/records/device-key.ts';
import { createDoubt } from '../../src/records/doubt.ts';
import type { TuningRecord } from '../../src/records/record.ts';
import { failedRecord, makeDevice, makeRecord, matmul } from './fixtures.ts';

const here = makeDevice();
const timed = (medianNs: number, changes: Partial<TuningRecord> = {}): TuningRecord =>
  makeRecord({ medianNs, samplesNs: [medianNs], ...changes });

describe('device key', () => {
  it('is the same whatever a person calls the device, and whatever was asked of it', () => {
    const same = makeDevice({ name: 'other', features: ['shader-f16'], limits: { ...here.limits, maxBufferSize: 1 } });
    expect(deviceKey(same)).toBe(deviceKey(here));
    expect(deviceKey(makeDevice({ toggles: ['b', 'a'] }))).toBe(deviceKey(makeDevice({ toggles: ['a', 'b'] })));
  });

  const differing: Record<string, Parameters<typeof makeDevice>[0]> = {
    driver: { driver: 'Mesa 25.1.0' },
    dawnVersion: { dawnVersion: '0.7.0' },
    profile: { profile: 'native' },
    toggles: { toggles: [] },
    environment: { environment: { LP_NUM_THREADS: '4' } },
    description: { description: 'llvmpipe (LLVM 19.1.7, 512 bits)' },
  };
  for (const [fact, changes] of Object.entries(differing)) {
    it(`another ${fact} is another device of the same architecture`, () => {
      expect(kinshipOf(here, makeDevice(changes))).toBe('same-architecture');
      expect(deviceKey(makeDevice(changes))).not.toBe(deviceKey(here));
    });
  }

  for (const changes of [
    { vendor: 'nvidia' },
    { architecture: 'hopper' },
    { backend: 'metal' },
    { type: 'gpu' },
  ] as const) {
    it(`another ${Object.keys(changes)[0]} is another architecture`, () => {
      expect(kinshipOf(here, makeDevice(changes))).toBe('other-device');
    });
  }

  it('does not take two devices for kin because neither tells its architecture', () => {
    const one = makeDevice({ architecture: '', device: '0x1234' });
    const two = makeDevice({ architecture: '', device: '0x5678' });
    expect(architectureKey(one)).not.toBe(architectureKey(two));
    expect(kinshipOf(one, makeDevice({ architecture: '', device: '0x1234', driver: 'x' }))).toBe('same-architecture');
  });
});

describe('distance', () => {
  const other = (changes: Parameters<typeof makeDevice>[0]): number => distanceBetween(here, makeDevice(changes));

  it('is least to the same hardware with a new driver, then to the same architecture, then to the same kind of device', () => {
    const driver = { driver: 'Mesa 26', description: 'llvmpipe: Mesa 26', dawnVersion: '0.7.0' };
    const steps = [
      other({}),
      other(driver),
      other({ device: 'llvmpipe-512' }),
      other({ vendor: 'google', architecture: 'swiftshader' }),
      other({ vendor: 'x', backend: 'metal' }),
      other({ vendor: 'nvidia', architecture: 'hopper', type: 'gpu' }),
    ];
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(new Set(steps).size).toBe(steps.length);
    expect(kinshipOf(here, makeDevice(driver))).toBe('same-architecture');
  });

  it('finds the same GPU again under a new driver, also where it tells no architecture', () => {
    const gpu = { vendor: 'nvidia', architecture: '', device: 'H200', type: 'gpu', description: 'driver 550' } as const;
    const [old, now] = [makeDevice(gpu), makeDevice({ ...gpu, driver: '560', description: 'driver 560' })];
    expect(kinshipOf(now, old)).toBe('same-architecture');
    expect(differingFacts(now, old)).toEqual(['description', 'driver']);
    expect(differingFacts(old, old)).toEqual([]);
  });
});

describe('best of', () => {
  const cousin = makeDevice({ name: 'cousin', driver: 'Mesa 24' });
  const stranger = makeDevice({ name: 'h200', vendor: 'nvidia', architecture: 'hopper', type: 'gpu' });

  it('is the fastest of this device, though others are faster', () => {
    const records = [timed(500), timed(400), timed(450), timed(40, { device: cousin }), timed(4, { device: stranger })];
    const best = bestOf(records, matmul, here);
    expect(best?.record.medianNs).toBe(400);
    expect(best?.whose).toBe('same-device');
  });

  it('says whose record it is when it is not ours', () => {
    expect(bestOf([timed(40, { device: cousin }), timed(4, { device: stranger })], matmul, here)).toMatchObject({
      whose: 'same-architecture',
      record: { medianNs: 40 },
    });
    expect(bestOf([timed(4, { device: stranger })], matmul, here)).toMatchObject({ whose: 'other-device' });
    expect(bestOf([], matmul, here)).toBeNull();
  });

  it('prefers the same hardware under an old driver to a faster one of its architecture', () => {
    const old = timed(70, { device: makeDevice({ driver: 'Mesa 24' }) });
    const sibling = timed(5, { device: makeDevice({ device: 'llvmpipe-512' }) });
    expect(bestOf([sibling, old], matmul, here)?.record.medianNs).toBe(70);
  });

  it('among strangers prefers the same kind of device to the fastest', () => {
    const likewise = makeDevice({ vendor: 'google', architecture: 'swiftshader' });
    const best = bestOf([timed(4, { device: stranger }), timed(900, { device: likewise })], matmul, here);
    expect(best?.record.medianNs).toBe(900);
  });

  it('counts only what was verified', () => {
    const wrong = timed(1, { verification: { checked: 4, wrong: 1, maxError: 1 } });
    const unchecked = timed(2, { verification: null });
    const unstable = timed(3, { outcome: 'unstable' });
    expect(bestOf([wrong, unchecked, unstable, failedRecord('crash', 'x')], matmul, here)).toBeNull();
    expect(bestOf([wrong, unchecked, unstable, timed(99)], matmul, here)?.record.medianNs).toBe(99);
  });

  it('keeps workloads apart: shape, dtype and attributes', () => {
    const others = [
      { ...matmul, params: { ...matmul.params, m: 129 } },
      { ...matmul, dtype: 'f16' as const },
      { ...matmul, attributes: { expression: 'a + b' } },
    ];
    const table = createBestTable();
    for (const [at, workload] of others.entries()) table.add(timed(at + 1, { workload }));
    expect(table.lookup(matmul, here)).toBeNull();
    for (const [at, workload] of others.entries()) expect(table.lookup(workload, here)?.record.medianNs).toBe(at + 1);
    const reordered = { ...matmul, dtype: 'f16' as const, params: { k: 128, n: 128, m: 128 } };
    expect(table.lookup(reordered, here)?.record.medianNs).toBe(2);
  });

  it('does not depend on the order of reading', () => {
    const early = timed(7, { startedAt: '2026-01-01T00:00:00Z', id: 'early' });
    const late = timed(7, { startedAt: '2026-02-01T00:00:00Z', id: 'late' });
    for (const records of [
      [early, late],
      [late, early],
    ]) {
      expect(bestOf(records, matmul, here)?.record.id).toBe('early');
    }
  });

  it('tells when a record is a new best, and lists every device, nearest first', () => {
    const table = createBestTable();
    expect(table.add(timed(50))).toBe(true);
    expect(table.add(timed(60))).toBe(false);
    expect(table.add(timed(40))).toBe(true);
    table.add(timed(4, { device: stranger }));
    table.add(timed(30, { device: cousin }));
    expect(table.everyDevice(matmul, here).map((best) => [best.whose, best.record.medianNs])).toEqual([
      ['same-device', 40],
      ['same-architecture', 30],
      ['other-device', 4],
    ]);
  });
});

describe('standing', () => {
  const real = makeWorkload('matmul', { shape: 'm=1024,n=1024,k=1024' });
  const doubtOf = createDoubt();

  it('doubts times below the roofline of the kind of device, and none that a device was seen to reach', () => {
    const gpu = makeDevice({ type: 'gpu' });
    expect(doubtOf(timed(2_000_000, { workload: real }))).toBeNull();
    expect(doubtOf(timed(20_000, { workload: real }))).toMatch(/^no processor does this work in less than 21475 ns$/);
    expect(doubtOf(timed(20_000, { workload: real, device: gpu }))).toBeNull();
    expect(doubtOf(timed(400, { workload: real, device: gpu }))).toMatch(/^no GPU does this work/);
    const copy = makeWorkload('transpose', { shape: 'n=1,c=1,h=4096,w=4096' });
    expect(doubtOf(timed(1000, { workload: copy }))).toMatch(/^no processor/);
    // An operator that is not known here counts as nothing but a dispatch.
    expect(doubtOf(timed(200, { workload: { ...real, operator: 'of_a_user' } }))).toBeNull();
    expect(doubtOf(timed(20, { workload: { ...real, operator: 'of_a_user' } }))).toMatch(/^no device/);
  });

  it('doubts times below the roofline of the peaks that the run had measured, for the work that these are peaks of', () => {
    const peaks = { flopsPerNs: 100, bytesPerNs: 200, lanes: 8 };
    const least = (2 * 1024 ** 3) / 100;
    expect(doubtOf(timed(least * 1.01, { workload: real, peaks }))).toBeNull();
    expect(doubtOf(timed(least * 0.99, { workload: real, peaks }))).toMatch(/^at the peaks that its run measured/);
    expect(doubtOf(timed(least * 0.99, { workload: { ...real, dtype: 'f16' }, peaks }))).toBeNull();
  });

  it('lets a refutation count whatever the order, and only of another record', () => {
    const forged = timed(300, { id: 'forged' });
    const honest = timed(9000, { id: 'honest' });
    const refuting = timed(9500, { id: 'again', refutes: { record: 'forged', reason: '32 times as long' } });
    for (const records of [
      [forged, honest, refuting],
      [refuting, honest, forged],
    ])
      expect(bestOf(records, matmul, here)?.record.id).toBe('honest');
    expect(bestOf([forged, refuting], matmul, here)?.record.id).toBe('again');
    const own = timed(300, { id: 'own', refutes: { record: 'own', reason: 'of itself' } });
    expect(bestOf([own, honest], matmul, here)?.record.id).toBe('own');
  });
});
