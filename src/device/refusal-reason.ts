/**
 * Why a driver gave no device, in one line, out of what Dawn threw and what the Vulkan loader and Dawn printed. Patterns
 * come first to last from the particular to the general; the last resort is the first line that says anything.
 */
export function distillReason(errors: readonly string[], output: string): string {
  const text = [...errors, output].join('\n');
  for (const { pattern, say } of patterns) {
    const match = pattern.exec(text);
    if (match !== null) return say(match);
  }
  const line = text
    .split('\n')
    .map((candidate) => candidate.replace(/^\s*(\[[^\]]*\]\s*)?((error|warning|info)\b[^:]*:\s*)*/i, '').trim())
    .find((candidate) => candidate !== '' && !candidate.startsWith('at '));
  return line === undefined ? 'it has no device' : shorten(line);
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
  { pattern: /Failed to open JSON file (\S+)/, say: ([, file]) => `its manifest ${file} cannot be read` },
  { pattern: /Invalid JSON file (\S+?)\.?$/m, say: ([, file]) => `its manifest ${file} is not valid JSON` },
  {
    pattern: /Attempt to retrieve .* from ICD (\S+) failed/,
    say: ([, library]) => `its library ${library} is not a Vulkan driver`,
  },
  {
    pattern: /Failed to detect any valid GPUs|VK_ERROR_INITIALIZATION_FAILED/,
    say: () => 'no GPU it serves is present',
  },
  {
    pattern: /(Mesa|driver) version (\S+).*(?:required|older|unsupported|too old)/i,
    say: ([whole]) => shorten(whole),
  },
  {
    pattern: /(?:Vulkan )?(?:feature|extension|limit)\S* .*(?:not supported|required|missing|insufficient).*/i,
    say: ([whole]) => `too old for Dawn: ${shorten(whole)}`,
  },
  { pattern: /VK_ERROR_OUT_OF_DEVICE_MEMORY/, say: () => 'the device is out of memory' },
  { pattern: /VK_ERROR_INCOMPATIBLE_DRIVER/, say: () => 'the Vulkan loader finds no driver behind it' },
];

function shorten(line: string): string {
  return line.length <= 160 ? line : `${line.slice(0, 157)}...`;
}
