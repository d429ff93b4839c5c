import { exitCode } from '../support/errors.ts';
import { say } from './output.ts';

/** When the reader of our output goes away (`| head`) there is nothing left to do: like other tools, end without a word. */
export function endWithReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(process.exitCode ?? exitCode.ok);
      if (stream === process.stdout) say(`error: the output cannot be written (${error.code ?? error.message})`);
      process.exit(exitCode.failed);
    });
  }
}

/** Under a limit on file sizes (`ulimit -f`) a write shall fail, which one sentence tells, and not kill the process. */
export function outliveFileSizeLimit(): void {
  process.on('SIGXFSZ', () => {});
}

/** Ends the process once everything written has left it; a forgotten handle of native code must not keep it. */
export async function exitWith(code: number): Promise<never> {
  process.exitCode = code;
  await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))));
  process.exit(code);
}
