/** How Dawn can be brought up on one driver of this machine. Plain data: it travels to child processes. */
export interface Driver {
  /**
   * `swiftshader`, the manifest's file name (`lvp_icd.json`), or `platform` for Dawn's own default on macOS and Windows;
   * of a page the browser: its path, '' for the packaged one, `none` where a person opens it.
   */
  readonly label: string;
  readonly kind: 'swiftshader' | 'system' | 'platform' | 'browser';
  /** Vulkan driver manifest (ICD file); null for `platform`. */
  readonly manifest: string | null;
  /**
   * A Vulkan loader of our own, or null. SwiftShader always uses it; a system driver only where the system has no
   * `libvulkan.so.1` (containers often mount a GPU's driver and no loader).
   */
  readonly loader: string | null;
  /** Version of the package the driver came in, where it came in one. */
  readonly packageVersion: string | null;
}

/** A driver that is present and cannot be used, and one line why. */
export interface RefusedDriver {
  readonly label: string;
  readonly reason: string;
}

export interface FoundDrivers {
  readonly drivers: readonly Driver[];
  readonly refused: readonly RefusedDriver[];
}
