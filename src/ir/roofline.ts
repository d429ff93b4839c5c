/** What a device does at most, in a nanosecond: floating-point operations (a fused multiply-add is two) and bytes. */
export interface Throughput {
  readonly flopsPerNs: number;
  readonly bytesPerNs: number;
}

/** Nanoseconds that some work takes at least on a device of such peaks: computing and moving overlap at best (the roofline of Williams and others, 2009). */
export function rooflineNs(flops: number, bytes: number, { flopsPerNs, bytesPerNs }: Throughput): number {
  return Math.max(flops / flopsPerNs, bytes / bytesPerNs);
}
