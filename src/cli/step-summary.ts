import { appendFileSync } from 'node:fs';
import { say } from './output.ts';

/** Appends Markdown to the summary that GitHub shows of a job; does nothing elsewhere. A summary that cannot be written fails no run. */
export function appendStepSummary(
  markdown: () => string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): void {
  const file = environment.GITHUB_STEP_SUMMARY;
  if (file === undefined || file === '') return;
  try {
    appendFileSync(file, `${markdown()}\n\n`);
  } catch (error) {
    say(`note: the step's summary cannot be written (${(error as Error).message})`);
  }
}
