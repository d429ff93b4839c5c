import { type Refusal, refuse } from '../support/refusal.ts';
import { recordSchema, recordVersion, type TuningRecord } from './record.ts';
import { presentWorkload } from './workload-versions.ts';

/** Turns a record of one version into the shape of the next; the schema checks the result at the end. */
type Migration = (old: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;

/**
 * The fields of a record that came after version 1, by the version that brought them, with their values for records written before. Whoever
 * adds a field to the schema adds it here; then both the migration and the skimmer read older lines.
 */
const added: ReadonlyMap<number, Readonly<Partial<TuningRecord>>> = new Map([
  [2, { refutes: null, peaks: null, relative: null, references: null, race: null }],
]);

/** The migrations by the version they start from. */
export const migrations: ReadonlyMap<number, Migration> = new Map(
  [...added].map(([version, defaults]) => [
    version - 1,
    (old) => ({ ...defaults, ...old, workload: presentWorkload(version - 1, old.workload), version }),
  ]),
);

/** The fields of a record of some version, in the order in which they are written. */
export function fieldsOfVersion(version: number): readonly string[] {
  const later = new Set([...added].flatMap(([since, defaults]) => (since > version ? Object.keys(defaults) : [])));
  return Object.keys(recordSchema.shape).filter((name) => !later.has(name));
}

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

/** The version of a parsed line that a later wgtune wrote; null for any other. */
export function newerVersion(value: unknown): number | null {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'version')) return null;
  const { version } = value as { readonly version: unknown };
  return typeof version === 'number' && version > recordVersion ? version : null;
}

/** A stranger's line may quote itself into the reason. */
function shorten(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}...` : text;
}
