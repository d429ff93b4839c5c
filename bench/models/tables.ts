import { slowdownOf } from '../../src/measure/sampling/pace.ts';
import type { ReferenceTimes } from '../../src/records/reference-names.ts';
import { markdownTable } from '../../src/report/table.ts';
import { type MeasuredSide, meansOf, peerNames, type Row } from './summary.ts';

const none = '-';
const milliseconds = (ns: number | null): string => {
  if (ns === null) return none;
  const ms = ns / 1e6;
  return ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms >= 1 ? ms.toFixed(2) : ms.toFixed(3);
};
const ratio = (value: number | null): string => (value === null ? none : value.toFixed(2));
const percent = (share: number | null): string =>
  share === null ? none : `${(100 * share).toFixed(share < 0.1 ? 1 : 0)}%`;

/** A row per workload. */
export function workloadTable(rows: readonly Row[]): string {
  return markdownTable(
    [
      ...['model', 'layer', 'workload', 'naive, ms', 'wgtune, ms', 'ONNX Runtime, ms', 'TensorFlow.js, ms'],
      ...['times faster than the better peer', 'of the roofline', 'tuned in, s'],
    ],
    rows.map(({ measured, oursNs, peersNs, timesFaster, rooflineShare }) => [
      ...[measured.model, measured.layer, measured.workload],
      ...[measured.naiveNs, oursNs, peersNs.onnxruntime, peersNs.tensorflow].map(milliseconds),
      ...[ratio(timesFaster), percent(rooflineShare), measured.tuningSeconds.toFixed(0)],
    ]),
  );
}

/** A row per kind of workload, and one for all. */
export function meansTable(rows: readonly Row[]): string {
  return markdownTable(
    ['class', 'workloads', 'times faster than the better peer, geometric mean', 'least', 'least of'],
    meansOf(rows).map(({ kind, count, mean, least, leastOf }) => [
      ...[kind, `${count}`, mean.toFixed(2), least.toFixed(2), leastOf],
    ]),
  );
}

/** Which peer's ways are not among the times, and why, one line each. */
export function absences(rows: readonly Row[]): readonly string[] {
  return rows.flatMap(({ measured: { model, layer, sides } }) =>
    peerNames.flatMap((peer) => faultsOf(sides[peer]).map((fault) => `${model}: ${layer}: ${peer}: ${fault}`)),
  );
}

function faultsOf(side: MeasuredSide | undefined): readonly string[] {
  if (side === undefined) return ['not asked for'];
  const wrong = side.ways.flatMap(({ name, wrong: fault }) => (fault === null ? [] : [`${name}: ${fault}`]));
  return side.missing === null ? wrong : [side.missing, ...wrong];
}

/** Every reading of every way of every side, with its header. */
export function readingTable(
  rows: readonly Row[],
  quietNs: ReferenceTimes | null,
): readonly (readonly (string | number)[])[] {
  return [
    ['model', 'layer', 'workload', 'side', 'way', 'reading', 'ns', 'arithmetic_ns', 'memory_ns', 'slowdown'],
    ...rows.flatMap(({ measured: { model, layer, workload, sides } }) =>
      Object.entries(sides).flatMap(([side, { ways }]) =>
        ways.flatMap(({ name, readings }) =>
          readings.map(({ ns, references }, reading) => [
            ...[model, layer, workload, side, name, reading],
            ...[ns, references.arithmetic, references.memory].map(Math.round),
            quietNs === null ? '' : slowdownOf(references, quietNs).toFixed(3),
          ]),
        ),
      ),
    ),
  ];
}
