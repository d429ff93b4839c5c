/** What a device does at most, in a nanosecond: floating-point operations (a fused multiply-add is two) and bytes. */
export interface Throughput {
  readonly flopsPerNs: number;
  readonly bytesPerNs: number;
}

/** What was measured of one device: operations with every lane busy, and bytes read from storage, wherever they are cached. */
export interface Peaks extends Throughput {
  /** Invocations that run in step whether there is work for them or not; 1 where it is not known. */
  readonly lanes: number;
}

/** Nanoseconds that some work takes at least on a device of such peaks: computing and moving overlap at best (the roofline of Williams and others, 2009). */
export function rooflineNs(flops: number, bytes: number, { flopsPerNs, bytesPerNs }: Throughput): number {
  return Math.max(flops / flopsPerNs, bytes / bytesPerNs);
}
