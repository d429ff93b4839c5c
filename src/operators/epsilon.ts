import { type Refusal, refuse } from '../support/refusal.ts';
import { attribute } from './define.ts';

/** What normalisations add to a variance before the root. */
export const epsilonAttribute = attribute('1e-5', 'added to the variance before its square root is taken');

/** Why a text is no epsilon, or null. */
export function checkEpsilon(text: string): Refusal | null {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value <= 1) return null;
  return refuse('bad-epsilon', () => `epsilon="${text}" must be a number above 0 and at most 1, e.g. epsilon=1e-5`);
}
