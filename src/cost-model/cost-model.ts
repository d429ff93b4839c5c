/** What a cost model learns from: complete programs that were measured. */
export interface TrainingData {
  /** Row after row, `columns` numbers each: features, and in rows of our own kernels the terms of their cost after them. */
  readonly rows: Float32Array;
  readonly columns: number;
  readonly count: number;
  /** Throughput relative to the best of the same workload and device, in (0, 1]; 0 for a failure. */
  readonly labels: Float32Array;
  /** How much a row counts; 1 when absent. */
  readonly weights?: Float32Array;
  /** Rows are compared with rows of the same number only, one number per workload and device. One group when absent. */
  readonly groups?: Uint32Array;
  /** Score of each row by a model that was there before (analytic, or trained on other devices): only the residual is learned. */
  readonly base?: Float32Array;
  /** How much it takes to doubt the base, see `calibrate`; 0 when absent. */
  readonly baseTrust?: number;
}

/**
 * Judges programs by their features. One contract for every model: scores are finite, higher is better, and compare
 * only with scores of the same model since its last fit; scoring changes nothing but `into`.
 */
export interface CostModel {
  readonly name: string;
  /** Whether it has learned from measurements; before that a score is a guess (or all scores are equal). */
  readonly trained: boolean;
  /** How much higher a program that is e times as fast scores; 0 where scores say nothing, 1 when absent. */
  readonly step?: number;
  /** Scores `count` rows of `columns` numbers into the front of `into`. */
  score(rows: Float32Array, count: number, columns: number, into: Float32Array): void;
  /** Learns from all data known so far and forgets what it learned before. Scores stay as they were until it is done. */
  fit(data: TrainingData): Promise<void> | void;
}
