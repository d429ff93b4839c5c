import type { DeviceList } from '../device/devices.ts';
import type { DeviceDescription } from '../ir/limits.ts';
import { describeConfig } from '../lowering/matrix/find.ts';
import { formatBytes } from './quantities.ts';
import { type Column, formatTable } from './table.ts';
import type { Colours } from './terminal.ts';

const columns: readonly Column[] = [
  { title: '' },
  { title: 'NAME' },
  { title: 'TYPE' },
  { title: 'ARCHITECTURE' },
  { title: 'INVOCATIONS', align: 'right' },
  { title: 'WORKGROUP', align: 'right' },
  { title: 'F16' },
  { title: 'SUBGROUPS' },
  { title: 'TIMESTAMPS' },
  { title: 'DRIVER' },
];

/** The devices, the default marked, then what else can be chosen, what was refused and why, and how to get a faster one. */
export function formatDeviceList({ devices, refused, variants }: DeviceList, colours: Colours): string {
  const rows = devices.map(({ description }, index) => [index === 0 ? '*' : '', ...cells(description)]);
  const paint = (cell: string, row: number, column: number): string => {
    if (row < 0) return colours.dim(cell);
    return column <= 1 && row === 0 ? colours.green(cell) : cell;
  };
  const parts = [
    devices.length === 0
      ? 'no WebGPU device can be used here'
      : `${formatTable(columns, rows, paint)}\n* the default; --device takes any name of this list. INVOCATIONS: most a workgroup; WORKGROUP: its memory.`,
  ];
  for (const { name, limits } of devices.map(({ description }) => description)) {
    const configs = limits.subgroupMatrix?.configs ?? [];
    if (configs.length > 0) parts.push(`${name} has subgroup matrices: ${configs.map(describeConfig).join(', ')}`);
  }
  if (variants.length > 0)
    parts.push(
      `${variants.join(', ')}: lavapipe told to compile for vectors of that many bits, each a device of its own.`,
    );
  if (devices.length > 0 && devices.every(({ description }) => description.name === 'swiftshader'))
    parts.push(
      'Only SwiftShader is here, which is always there and slow: lavapipe is 15 to 30 times faster without a GPU; README.md, "Faster devices", says how to get it.',
    );
  if (refused.length > 0) {
    const lines = refused.map(({ label, reason }) => `  ${label}: ${reason}`);
    parts.push(['drivers that are present and were refused:', ...lines].join('\n'));
  }
  return parts.join('\n\n');
}

function cells({ name, type, vendor, architecture, limits, features, driver }: DeviceDescription): string[] {
  const has = (feature: string): string => (features.includes(feature) ? 'yes' : 'no');
  const { subgroupMinSize: least, subgroupMaxSize: most } = limits;
  const subgroups = has('subgroups') === 'no' ? 'no' : least === most ? String(least) : `${least}-${most}`;
  return [
    name,
    type,
    [vendor, architecture].filter((part) => part !== '').join('/'),
    String(limits.maxComputeInvocationsPerWorkgroup),
    formatBytes(limits.maxComputeWorkgroupStorageSize),
    has('shader-f16'),
    subgroups,
    has('timestamp-query'),
    driver,
  ];
}
