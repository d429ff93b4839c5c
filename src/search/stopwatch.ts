/** Adds up the milliseconds a strategy spends deciding and learning, as `SearchStrategy.spentMs` reports them. */
interface Stopwatch {
  readonly spentMs: { readonly propose: number; readonly fit: number };
  proposing<T>(work: () => T): T;
  fitting(work: () => Promise<void>): Promise<void>;
}

export function createStopwatch(): Stopwatch {
  let propose = 0;
  let fit = 0;
  return {
    get spentMs() {
      return { propose, fit };
    },
    proposing(work) {
      const started = performance.now();
      const result = work();
      propose += performance.now() - started;
      return result;
    },
    async fitting(work) {
      const started = performance.now();
      await work();
      fit += performance.now() - started;
    },
  };
}
