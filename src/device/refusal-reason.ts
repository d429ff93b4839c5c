/**
 * Why a driver gave no device, in one line, out of what Dawn threw and what the Vulkan loader and Dawn printed. Patterns
 * are ordered from the particular to the general; the last resort is the first line that says anything.
 */
export function distillReason(errors: readonly string[], output: string): string {
  const text = [...errors, output].join('\n');
  for (const { pattern, say } of patterns) {
    const match = pattern.exec(text);
    if (match !== null) return say(match);
  }
  const line = text
    .split('\n')
    .map(clean)
    .find((candidate) => candidate !== '' && !candidate.startsWith('at '));
  return line ?? 'it has no device';
}

const patterns: readonly { readonly pattern: RegExp; readonly say: (match: RegExpExecArray) => string }[] = [
  {
    pattern: /(\S+\.(?:so|dylib|dll)[.\d]*): cannot open shared object file: No such file/,
    say: ([, library]) => `its library ${library} is missing, or one it needs`,
  },
  {
    pattern: /(\S+): undefined symbol: (\S+)/,
    say: ([, library, symbol]) => `its library ${library} does not fit this system (undefined symbol ${symbol})`,
  },
  { pattern: /version `(\S+)' not found \(required by (\S+)\)/, say: ([, version, by]) => `${by} needs ${version}` },
  {
    pattern: /(\S+): (.+)\n.*Failed loading library associated with ICD JSON \1\. /,
    say: ([, library, why]) => `its library ${library} cannot be loaded (${why})`,
  },
  { pattern: /Failed to open JSON file (\S+)/, say: ([, file]) => `its manifest ${file} cannot be read` },
  {
    pattern: /(?:Invalid|Failed to parse) JSON file ([^\s,]+?)[.,]?(?:\s|$)/,
    say: ([, file]) => `its manifest ${file} is not valid JSON`,
  },
  {
    pattern: /Attempt to retrieve .* from ICD (\S+) failed/,
    say: ([, library]) => `its library ${library} is not a Vulkan driver`,
  },
  {
    pattern: /Failed to detect any valid GPUs|VK_ERROR_INITIALIZATION_FAILED/,
    say: () => 'no GPU it serves is present',
  },
  // How Dawn turns away a driver that is too old for it.
  {
    pattern:
      /.*(?:driver is unsupported|driver version .* unsupported|API version \(.*\) was not at least|feature required).*/,
    say: ([line]) => `too old for Dawn: ${clean(line)}`,
  },
  { pattern: /.*Insufficient Vulkan limits.*/, say: ([line]) => `too small for Dawn: ${clean(line)}` },
  { pattern: /VK_ERROR_OUT_OF_DEVICE_MEMORY/, say: () => 'the device is out of memory' },
  { pattern: /VK_ERROR_INCOMPATIBLE_DRIVER/, say: () => 'the Vulkan loader finds no driver behind it' },
];

/** The line without `Warning:` or `[Loader ...] ERROR:` in front, cut to a length that fits a line. */
function clean(line: string): string {
  const text = line.replace(/^\s*(\[[^\]]*\]\s*)?((error|warning|info|loader message)\b[^:]*:\s*)*/i, '').trim();
  return text.length <= 160 ? text : `${text.slice(0, 157)}...`;
}
