import { type Refusal, refuse } from '../support/refusal.ts';
import { recordSchema, recordVersion, type TuningRecord } from './record.ts';

/** Turns a record of one version into the next one's shape; what comes out is checked by the schema at the end. */
export type Migration = (old: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;

/** By the version a migration starts from. Version 1 is the first, so there is none yet. */
export const migrations: ReadonlyMap<number, Migration> = new Map();

/** A record from a parsed line, of this version or an older one; a refusal says what is wrong with it. */
export function parseRecord(
  value: unknown,
  steps: ReadonlyMap<number, Migration> = migrations,
): TuningRecord | Refusal {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse('wrong-shape', () => 'not a JSON object');
  }
  let raw = value as Readonly<Record<string, unknown>>;
  const written = Object.hasOwn(raw, 'version') ? raw.version : undefined;
  if (typeof written !== 'number' || !Number.isInteger(written) || written > recordVersion) {
    return typeof written === 'number'
      ? refuse(
          'unknown-version',
          () => `record version ${written}, and this wgtune reads up to ${recordVersion}`,
          () => 'update wgtune',
        )
      : refuse('wrong-shape', () => 'version: missing');
  }
  for (let version = written; version < recordVersion; version++) {
    const step = steps.get(version);
    if (step === undefined) return refuse('unknown-version', () => `record version ${written} was never written`);
    raw = step(raw);
  }
  const result = recordSchema.safeParse(raw);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const at = issue?.path.join('.') ?? '';
  return refuse('wrong-shape', () => shorten(`${at === '' ? '' : `${at}: `}${issue?.message ?? 'not a record'}`));
}

/** A stranger's line may quote itself into the reason. */
function shorten(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}...` : text;
}
