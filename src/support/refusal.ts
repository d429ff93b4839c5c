/**
 * A refusal is a value: an operation that cannot be done legally returns one instead of throwing.
 * The two texts are thunks, so that the hot path (legality of thousands of prefixes per second) builds no strings.
 */
export interface Refusal {
  readonly kind: 'refusal';
  /** Short, closed-vocabulary name of the rule that was broken, e.g. `not-perfectly-nested`; tallies count by it. */
  readonly reason: string;
  /** One sentence for people: what was expected and what was found. */
  readonly message: () => string;
  /** What would be legal instead, where that can be said. */
  readonly legal?: () => string;
}

export function refuse(reason: string, message: () => string, legal?: () => string): Refusal {
  return legal === undefined ? { kind: 'refusal', reason, message } : { kind: 'refusal', reason, message, legal };
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'refusal';
}

/** The whole text of a refusal: the sentence, then what would be legal. */
export function explainRefusal(refusal: Refusal): string {
  return refusal.legal === undefined ? refusal.message() : `${refusal.message()}; ${refusal.legal()}`;
}
