import { rooflineNs, type Throughput } from '../../src/ir/roofline.ts';
import { estimateTime } from '../../src/measure/sampling/estimate.ts';
import { lesser, quietOf, slowdownOf } from '../../src/measure/sampling/pace.ts';
import { geometricMean } from '../../src/measure/sampling/statistics.ts';
import type { ReferenceTimes } from '../../src/records/reference-names.ts';
import type { Reading } from './gauge.ts';
import type { SideName } from './side.ts';

/** What was measured of one side: its ways with their readings, and why a way, or the whole side, has none. */
export interface MeasuredSide {
  readonly ways: readonly {
    readonly name: string;
    readonly wrong: string | null;
    readonly readings: readonly Reading[];
  }[];
  /** Null where some way was timed. */
  readonly missing: string | null;
}

/** One workload's line of `results.jsonl`. */
export interface Measured {
  readonly model: string;
  readonly layer: string;
  /** Of the workload, the device, the number of trials and the side whose absence was wanted: what makes measuring again unnecessary. */
  readonly key: string;
  readonly workload: string;
  readonly kind: string;
  readonly day: string;
  readonly trials: number;
  readonly tuningSeconds: number;
  readonly naiveNs: number | null;
  readonly flops: number;
  readonly bytes: number;
  readonly quietNs: ReferenceTimes | null;
  readonly sides: Readonly<Partial<Record<SideName, MeasuredSide>>>;
}

/** A row of the table. Times in nanoseconds, null where there is none. */
export interface Row {
  readonly measured: Measured;
  readonly oursNs: number | null;
  readonly peersNs: Readonly<Record<Peer, number | null>>;
  /** The faster peer's time over ours. */
  readonly timesFaster: number | null;
  /** The least time by the device's roofline over ours. */
  readonly rooflineShare: number | null;
}

export const peerNames = ['onnxruntime', 'tensorflow'] as const;
export type Peer = (typeof peerNames)[number];

/** The references' times on the quiet machine, by every reading of every side and by what tuning knew before. */
export function quietOfAll(all: readonly Measured[]): ReferenceTimes | null {
  const readings = all.flatMap(({ sides }) =>
    Object.values(sides).flatMap(({ ways }) => ways.flatMap(({ readings: own }) => own)),
  );
  const found = quietOf(readings.map(({ references }) => references));
  return all.reduce<ReferenceTimes | null>((least, { quietNs }) => {
    if (quietNs === null || least === null) return least ?? quietNs;
    return lesser(least, quietNs);
  }, found);
}

/** The time of a side on the quiet machine: that of its fastest way. Quiet readings make it; where there are none, scaled ones. */
export function timeOfSide(
  side: MeasuredSide | undefined,
  quietNs: ReferenceTimes | null,
): { readonly ns: number; readonly way: string } | null {
  const times = (side?.ways ?? []).flatMap(({ name, readings }) => {
    const paced = readings.map(({ ns, references }) => ({
      ns,
      slowdown: quietNs === null ? 1 : slowdownOf(references, quietNs),
    }));
    const estimate = estimateTime(paced);
    return estimate === null ? [] : [{ ns: estimate.timeNs, way: name }];
  });
  return times.reduce<(typeof times)[number] | null>(
    (best, next) => (best === null || next.ns < best.ns ? next : best),
    null,
  );
}

export function rowsOf(all: readonly Measured[], peaks: Throughput | null): readonly Row[] {
  const quietNs = quietOfAll(all);
  return all.map((measured) => {
    const { sides, flops, bytes } = measured;
    const oursNs = timeOfSide(sides.wgtune, quietNs)?.ns ?? null;
    const timeOfPeer = (peer: Peer): number | null => timeOfSide(sides[peer], quietNs)?.ns ?? null;
    const peersNs = { onnxruntime: timeOfPeer('onnxruntime'), tensorflow: timeOfPeer('tensorflow') };
    const there = Object.values(peersNs).filter((ns) => ns !== null);
    return {
      measured,
      oursNs,
      peersNs,
      timesFaster: oursNs === null || there.length === 0 ? null : Math.min(...there) / oursNs,
      rooflineShare: oursNs === null || peaks === null ? null : rooflineNs(flops, bytes, peaks) / oursNs,
    };
  });
}

/** How many times faster than the better peer the rows of one kind are. */
export interface Means {
  readonly kind: string;
  readonly count: number;
  readonly mean: number;
  readonly least: number;
  readonly leastOf: string;
}

export const allKinds = 'all';

/** By kind, in the order in which kinds first appear, then over all rows that have a ratio. */
export function meansOf(rows: readonly Row[]): readonly Means[] {
  const compared = rows.flatMap(({ measured, timesFaster }) =>
    timesFaster === null ? [] : [{ measured, ratio: timesFaster }],
  );
  const kinds = [...new Set(compared.map(({ measured }) => measured.kind)), ...(compared.length > 0 ? [allKinds] : [])];
  return kinds.map((kind) => {
    const own = kind === allKinds ? compared : compared.filter(({ measured }) => measured.kind === kind);
    const least = own.reduce((a, b) => (b.ratio < a.ratio ? b : a));
    return {
      kind,
      count: own.length,
      mean: geometricMean(own.map(({ ratio }) => ratio)),
      least: least.ratio,
      leastOf: `${least.measured.model}: ${least.measured.layer}`,
    };
  });
}
