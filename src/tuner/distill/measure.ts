import type { Device } from '../../device/devices.ts';
import { createDawnRunner } from '../../measure/dawn-runner.ts';
import { describeWorkload } from '../../operators/workload.ts';
import { deviceKey } from '../../records/device-key.ts';
import { createLogWriter } from '../../records/log-writer.ts';
import type { Sketch } from '../../space/sketch.ts';
import { instantiate } from '../../space/sketch.ts';
import { createAttempts } from '../attempts.ts';
import { programOf } from '../build.ts';
import { refitted, scheduleOf } from '../refitted.ts';
import { verificationData } from '../workload-data.ts';
import type { ShapeCase } from './cases.ts';
import type { Unmeasured } from './distill.ts';

interface MeasureOptions {
  readonly device: Device;
  readonly logFolder: string;
  readonly seed: number;
  /** Asked before each measurement. */
  readonly stopped: () => boolean;
  readonly onMeasured?: (what: string, timeNs: number | null) => void;
}

/**
 * Measures schedules that rules choose and that nobody measured on the shape, those of the device at hand, and writes a record of each. Returns how many
 * were measured.
 */
export async function measureSchedules(unmeasured: readonly Unmeasured[], options: MeasureOptions): Promise<number> {
  const { device, logFolder, seed, stopped, onMeasured } = options;
  const key = deviceKey(device.description);
  const byShape = new Map<ShapeCase, Unmeasured[]>();
  for (const one of unmeasured)
    if (one.shape.deviceKey === key) byShape.set(one.shape, [...(byShape.get(one.shape) ?? []), one]);
  let measured = 0;
  for (const [shape, wanted] of byShape) {
    if (stopped()) break;
    measured += await measureOnShape(shape, wanted);
  }
  return measured;

  async function measureOnShape({ workload, space }: ShapeCase, wanted: readonly Unmeasured[]): Promise<number> {
    const { description } = device;
    const verification = verificationData(workload, programOf(workload), seed);
    const log = createLogWriter({ folder: logFolder, operator: workload.operator, device: description.name });
    const runner = await createDawnRunner({ device });
    try {
      await runner.prepare(verification.data);
      const attempts = createAttempts({
        workload,
        device: description,
        runner,
        verification,
        log,
        seed,
        peaks: null,
        launch: null,
      });
      for (const { schedule } of wanted) {
        const candidate = refitted(space, schedule);
        if (candidate === null || stopped()) continue;
        const sketch = space.sketches[candidate.sketch] as Sketch;
        const record = await attempts.attempt(
          attempts.prepare({
            ...scheduleOf(space, candidate),
            ...{ scheduled: instantiate(sketch, candidate.values), origin: 'replay', search: null },
          }),
          null,
        );
        onMeasured?.(describeWorkload(workload), record.relative?.timeNs ?? record.medianNs);
      }
      return attempts.count();
    } finally {
      await runner.close();
      log.close();
    }
  }
}
