/** Exit codes of the command line. 130 is what a shell reports for Ctrl-C. */
export const exitCode = { ok: 0, failed: 1, usage: 2, noDevice: 3, noRecord: 4, interrupted: 130 } as const;
type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** A mistake of the person or the environment: one clear sentence, what to do about it, and an exit code. Never a stack trace. */
export class UserError extends Error {
  readonly exitCode: ExitCode;
  /** `cause`: what was thrown by code of the user, for those who ask for its stack. */
  constructor(message: string, code: ExitCode = exitCode.usage, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'UserError';
    this.exitCode = code;
  }
}

/** A mistake of ours. */
export class InternalError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InternalError';
  }
}

/** Asserts an invariant of ours; the message is a thunk where building it costs. */
export function assert(condition: unknown, message: string | (() => string)): asserts condition {
  if (!condition) throw new InternalError(typeof message === 'string' ? message : message());
}
