/** A worker process of `wgtune transfer`: plays the runs it is sent, one after the other. */
import { UserError } from '../../support/errors.ts';
import { createRunPlayer } from './play-run.ts';
import type { FromWorker } from './pool.ts';
import type { TransferRun } from './run.ts';

const play = createRunPlayer();

process.on('message', async (run: TransferRun) => {
  const send = (message: FromWorker): void => void process.send?.(message);
  try {
    send({ kind: 'played', course: await play(run) });
  } catch (error) {
    const { message, stack = message } = error instanceof Error ? error : new Error(String(error));
    send({ kind: 'failed', message, stack, isUsers: error instanceof UserError });
  }
});
