/** The most that a device does in a nanosecond: floating-point operations (a fused multiply-add is two) and bytes. */
export interface Throughput {
  readonly flopsPerNs: number;
  readonly bytesPerNs: number;
}

/** Rates measured on one device: operations with every lane busy, and bytes read from storage, wherever they are cached. */
export interface Peaks extends Throughput {
  /** Invocations that run in step whether there is work for them or not; 1 where it is not known. */
  readonly lanes: number;
}

/**
 * The least nanoseconds that some work takes on a device with such peaks: at best, computing and moving data overlap (the roofline of Williams
 * and others, 2009).
 */
export function rooflineNs(flops: number, bytes: number, { flopsPerNs, bytesPerNs }: Throughput): number {
  return Math.max(flops / flopsPerNs, bytes / bytesPerNs);
}
