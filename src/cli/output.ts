/** A result, on stdout: what a script reads. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A result as one JSON document on stdout. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** Everything else, on stderr: what a person reads meanwhile. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
