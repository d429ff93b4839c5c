/** Pages have no such thing, and their promises are settled by another process, which needs no polling. */
const isNode = typeof setImmediate === 'function';
const cell = isNode ? new Int32Array(new SharedArrayBuffer(4)) : null;

/** Longest the thread is blocked at a stretch: messages (and the parent's death) are noticed in between. */
const longestBlockMs = 200;
/** While a promise is pending Dawn polls on every turn of the event loop; one turn per step costs the kernel nothing. */
const stepMs = { first: 0.05, last: 1 };

/** Blocks this thread: Atomics.wait burns no processor time, unlike a pending promise of Dawn's. */
function block(milliseconds: number): void {
  if (cell !== null) Atomics.wait(cell, 0, 0, milliseconds);
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Sleeps without any promise of Dawn's pending. */
export async function sleepQuietly(milliseconds: number): Promise<void> {
  if (!isNode) {
    if (milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds));
    return;
  }
  const end = performance.now() + milliseconds;
  for (let left = milliseconds; left > 0; left = end - performance.now()) {
    block(Math.min(left, longestBlockMs));
    await turn();
  }
}

/**
 * Awaits a promise of Dawn's without its busy polling, which on a CPU device steals a core from the kernel: the thread is
 * blocked between the turns of the event loop in which Dawn looks whether the work is done.
 */
export async function settleQuietly<T>(promise: Promise<T>): Promise<T> {
  if (!isNode) return promise;
  let settled = false;
  const mark = (): void => {
    settled = true;
  };
  promise.then(mark, mark);
  let step = stepMs.first;
  for (;;) {
    await turn();
    if (settled) return promise;
    block(step);
    step = Math.min(step * 1.5, stepMs.last);
  }
}
