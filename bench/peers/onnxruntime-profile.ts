/** An event of ONNX Runtime's profile, of which there are many kinds. Microseconds. */
export interface ProfileEvent {
  readonly cat: string;
  /** Of a kernel (category `Api`): `node&operator&program`. */
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
}

/**
 * Nanoseconds of each run's kernels, in the order of the runs. Where the network's own layer is no transposition, transpositions are not counted: the
 * runtime adds them to bring an image into its layout and back, which in a whole network happens once and not at each layer.
 */
export function runTimesOf(events: readonly ProfileEvent[], withTranspositions: boolean): readonly number[] {
  const runs = events.filter(({ cat, name }) => cat === 'Session' && name === 'model_run').sort((a, b) => a.ts - b.ts);
  const kernels = events.filter(
    ({ cat, name }) => cat === 'Api' && (withTranspositions || operatorOf(name) !== 'Transpose'),
  );
  return runs.map(({ ts, dur }) => {
    const own = kernels.filter((kernel) => kernel.ts >= ts && kernel.ts < ts + dur);
    if (own.length === 0) throw new Error('ONNX Runtime ran no kernel on the device');
    return own.reduce((sum, kernel) => sum + kernel.dur, 0) * 1000;
  });
}

const operatorOf = (name: string): string => name.split('&')[1] ?? '';
