import { InternalError } from '../../support/errors.ts';
import { errorText } from '../failure.ts';
import type { FromChild, ToChild } from './protocol.ts';

/** Says something to the parent of this process. */
export function tell(message: FromChild): void {
  process.send?.(message);
}

/** Answers every message of the parent; what `answer` rejects with is told as a failure. */
export function answerParent(answer: (message: ToChild) => Promise<FromChild>): void {
  process.on('message', (message) => {
    void answer(message as ToChild).then(tell, (error: unknown) =>
      tell({ kind: 'failed', error: errorText(error), internal: error instanceof InternalError }),
    );
  });
}
