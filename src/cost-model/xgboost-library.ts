import { createRequire } from 'node:module';
import { assert, InternalError } from '../support/errors.ts';
import { isRefusal, type Refusal, refuse } from '../support/refusal.ts';
import { explainLoadFailure, hostPlace, locateXgboost, refuseVersion, type XgboostPlace } from './xgboost-location.ts';
import type { XgboostFile } from './xgboost-places.ts';

/** A dense matrix, row after row; NaN means missing. */
interface DenseMatrix {
  readonly rows: Float32Array;
  readonly count: number;
  readonly columns: number;
}

/** The library's copy of a matrix with its labels. Must be freed; a forgotten one is freed when it is collected. */
export interface TrainingMatrix {
  setFloats(field: 'label' | 'weight' | 'base_margin', values: Float32Array): void;
  /** Sizes of consecutive groups of rows; they add up to the number of rows. */
  setGroups(sizes: Uint32Array): void;
  readonly handle: bigint;
  free(): void;
}

/** One booster inside the library. Must be freed; a forgotten one is freed when it is collected. */
export interface LibraryBooster {
  setParameter(name: string, value: string): void;
  /** One boosting round; rounds count from 0. */
  update(round: number, matrix: TrainingMatrix): void;
  /** One boosting round fitted to derivatives of the caller's own, one of each per row. */
  boost(matrix: TrainingMatrix, first: Float32Array, second: Float32Array): void;
  /** Margins (no transformation) of `count` rows: the library's in-place prediction. */
  predict(matrix: DenseMatrix, into: Float32Array): void;
  /** The same through a matrix of the library; slower, and open to `base_margin`. */
  predictMatrix(matrix: TrainingMatrix, into: Float32Array): void;
  /** The model as XGBoost's own JSON, which every XGBoost reads. */
  save(): Uint8Array;
  free(): void;
}

/** The C interface of libxgboost as far as a cost model needs it. A failing call throws InternalError with XGBoost's own text. */
export interface XgboostLibrary {
  readonly path: string;
  /** Who put it there: the npm package, conda, Python, the system ... */
  readonly source: string;
  readonly version: string;
  createMatrix(matrix: DenseMatrix, threads: number): TrainingMatrix;
  createBooster(matrices: readonly TrainingMatrix[]): LibraryBooster;
  /** A refusal when the bytes are no model of this library. */
  loadBooster(bytes: Uint8Array): LibraryBooster | Refusal;
}

type Pointer = bigint | null;
type Status = number;
interface Functions {
  readonly version: (...parts: readonly (readonly number[])[]) => void;
  readonly lastError: () => string;
  readonly setGlobalConfig: (json: string) => Status;
  readonly matrixCreate: (
    rows: Float32Array,
    count: number,
    columns: number,
    missing: number,
    out: Pointer[],
    threads: number,
  ) => Status;
  readonly matrixSetFloats: (handle: bigint, field: string, values: Float32Array, length: number) => Status;
  readonly matrixSetInfo: (handle: bigint, field: string, values: string) => Status;
  readonly matrixFree: (handle: bigint) => Status;
  readonly boosterCreate: (matrices: bigint[], length: number, out: Pointer[]) => Status;
  readonly boosterFree: (handle: bigint) => Status;
  readonly boosterSetParam: (handle: bigint, name: string, value: string) => Status;
  readonly boosterUpdate: (handle: bigint, round: number, matrix: bigint) => Status;
  readonly boosterBoost: (
    handle: bigint,
    matrix: bigint,
    first: Float32Array,
    second: Float32Array,
    length: number,
  ) => Status;
  readonly boosterPredictDense: (
    handle: bigint,
    values: string,
    config: string,
    meta: Pointer,
    shape: Pointer[],
    dimensions: number[],
    result: Pointer[],
  ) => Status;
  readonly boosterPredictMatrix: (
    handle: bigint,
    matrix: bigint,
    config: string,
    shape: Pointer[],
    dimensions: number[],
    result: Pointer[],
  ) => Status;
  readonly boosterSave: (handle: bigint, config: string, length: number[], out: Pointer[]) => Status;
  readonly boosterLoad: (handle: bigint, bytes: Uint8Array, length: number) => Status;
}

/** Functions that each version from 1.7 to 3 has, and none that the newest ones advise against where an older one will do. */
const prototypes: Readonly<Record<keyof Functions, string>> = {
  version: 'void XGBoostVersion(_Out_ int *, _Out_ int *, _Out_ int *)',
  lastError: 'const char *XGBGetLastError()',
  setGlobalConfig: 'int XGBSetGlobalConfig(const char *)',
  matrixCreate:
    'int XGDMatrixCreateFromMat_omp(const float *, uint64_t, uint64_t, float missing, _Out_ void **, int threads)',
  matrixSetFloats: 'int XGDMatrixSetFloatInfo(void *, const char *, const float *, uint64_t)',
  matrixSetInfo: 'int XGDMatrixSetInfoFromInterface(void *, const char *, const char *)',
  matrixFree: 'int XGDMatrixFree(void *)',
  boosterCreate: 'int XGBoosterCreate(void **, uint64_t, _Out_ void **)',
  boosterFree: 'int XGBoosterFree(void *)',
  boosterSetParam: 'int XGBoosterSetParam(void *, const char *, const char *)',
  boosterUpdate: 'int XGBoosterUpdateOneIter(void *, int, void *)',
  boosterBoost: 'int XGBoosterBoostOneIter(void *, void *, const float *, const float *, uint64_t)',
  boosterPredictDense:
    'int XGBoosterPredictFromDense(void *, const char *, const char *, void *, _Out_ void **, _Out_ uint64_t *, _Out_ void **)',
  boosterPredictMatrix:
    'int XGBoosterPredictFromDMatrix(void *, void *, const char *, _Out_ void **, _Out_ uint64_t *, _Out_ void **)',
  boosterSave: 'int XGBoosterSaveModelToBuffer(void *, const char *, _Out_ uint64_t *, _Out_ void **)',
  boosterLoad: 'int XGBoosterLoadModelFromBuffer(void *, const uint8_t *, uint64_t)',
};

/** Margin, all rounds; NaN is missing (JSON has no NaN, XGBoost's parser reads it all the same). */
const predictConfig =
  '{"type":1,"training":false,"iteration_begin":0,"iteration_end":0,"strict_shape":false,"missing":NaN,"cache_id":0}';

type Koffi = typeof import('koffi');

/**
 * Loads libxgboost once per process and path, on first use: a run without a booster does not pay for it. Of several the first one that loads is taken.
 * Returns a refusal with its remedy where none does: that of the first, which is the one that was named or comes with wgtune.
 */
export function loadXgboost(place: XgboostPlace = hostPlace()): XgboostLibrary | Refusal {
  const files = locateXgboost(place);
  if (isRefusal(files)) return files;
  let refusal: Refusal | undefined;
  for (const file of files) {
    const found = loaded.get(file.path) ?? load(file);
    if (!isRefusal(found)) {
      loaded.set(file.path, found);
      return found;
    }
    refusal ??= found;
  }
  assert(refusal, 'there are files, or a refusal');
  return refusal;
}
const loaded = new Map<string, XgboostLibrary>();

function load(file: XgboostFile): XgboostLibrary | Refusal {
  let koffi: Koffi;
  try {
    koffi = createRequire(import.meta.url)('koffi') as Koffi;
  } catch (error) {
    const text = (error as Error).message;
    return refuse('xgboost-no-ffi', () => `koffi, which calls XGBoost, has no build for this machine: ${text}`);
  }
  return bind(koffi, file);
}

function bind(koffi: Koffi, { path, source }: XgboostFile): XgboostLibrary | Refusal {
  const bound: Partial<Record<keyof Functions, unknown>> = {};
  try {
    const handle = koffi.load(path);
    for (const [name, prototype] of Object.entries(prototypes)) bound[name as keyof Functions] = handle.func(prototype);
  } catch (error) {
    // koffi puts its own words before the loader's.
    return explainLoadFailure(path, (error as Error).message.replace(/^Failed to load shared library: /, ''));
  }
  const call = bound as unknown as Functions;
  const check = (what: string, status: Status): void => {
    if (status !== 0) throw new InternalError(`XGBoost: ${what}: ${firstLine(call.lastError())}`);
  };
  const version = [[0], [0], [0]] as const;
  call.version(...version);
  const refusal = refuseVersion(path, version.flat());
  if (refusal !== null) return refusal;
  check('set verbosity', call.setGlobalConfig('{"verbosity":0}'));

  const freeMatrix = new FinalizationRegistry<bigint>((handle) => void call.matrixFree(handle));
  const freeBooster = new FinalizationRegistry<bigint>((handle) => void call.boosterFree(handle));

  const createMatrix = ({ rows, count, columns }: DenseMatrix, threads: number): TrainingMatrix => {
    assert(rows.length >= count * columns, () => `matrix of ${count} x ${columns} from ${rows.length} numbers`);
    const out: Pointer[] = [null];
    check('create matrix', call.matrixCreate(rows, count, columns, Number.NaN, out, threads));
    const handle = out[0] as bigint;
    let live = true;
    const matrix: TrainingMatrix = {
      handle,
      setFloats: (field, values) => check(field, call.matrixSetFloats(handle, field, values, values.length)),
      setGroups: (sizes) => check('group', call.matrixSetInfo(handle, 'group', arrayText(koffi, sizes, '<u4'))),
      free: () => {
        if (!live) return;
        live = false;
        freeMatrix.unregister(matrix);
        check('free matrix', call.matrixFree(handle));
      },
    };
    freeMatrix.register(matrix, handle, matrix);
    return matrix;
  };

  const wrapBooster = (handle: bigint): LibraryBooster => {
    let live = true;
    // Out parameters are reused: a prediction allocates nothing but the text that names the rows.
    const shape: Pointer[] = [null];
    const dimensions = [0];
    const result: Pointer[] = [null];
    const copyResult = (count: number, into: Float32Array): void => {
      into.set(new Float32Array(koffi.view(result[0], count * 4)));
    };
    const booster: LibraryBooster = {
      setParameter: (name, value) => check(`parameter ${name}`, call.boosterSetParam(handle, name, value)),
      update: (round, matrix) => check(`round ${round}`, call.boosterUpdate(handle, round, matrix.handle)),
      boost: (matrix, first, second) =>
        check('boost', call.boosterBoost(handle, matrix.handle, first, second, first.length)),
      predict: ({ rows, count, columns }, into) => {
        assert(
          live && rows.length >= count * columns && into.length >= count,
          'prediction: freed, or buffers too small',
        );
        if (count === 0) return;
        const values = arrayText(koffi, rows, '<f4', [count, columns]);
        const status = call.boosterPredictDense(handle, values, predictConfig, null, shape, dimensions, result);
        check('predict', status);
        copyResult(count, into);
      },
      predictMatrix: (matrix, into) => {
        const status = call.boosterPredictMatrix(handle, matrix.handle, predictConfig, shape, dimensions, result);
        check('predict', status);
        copyResult(into.length, into);
      },
      save: () => {
        const length = [0];
        const out: Pointer[] = [null];
        check('save', call.boosterSave(handle, '{"format":"json"}', length, out));
        return new Uint8Array(koffi.view(out[0], Number(length[0]))).slice();
      },
      free: () => {
        if (!live) return;
        live = false;
        freeBooster.unregister(booster);
        check('free booster', call.boosterFree(handle));
      },
    };
    freeBooster.register(booster, handle, booster);
    return booster;
  };

  const createHandle = (matrices: readonly TrainingMatrix[]): bigint => {
    const out: Pointer[] = [null];
    const handles = matrices.map((matrix) => matrix.handle);
    check('create booster', call.boosterCreate(handles, handles.length, out));
    return out[0] as bigint;
  };

  const loadBooster = (bytes: Uint8Array): LibraryBooster | Refusal => {
    const handle = createHandle([]);
    if (call.boosterLoad(handle, bytes, bytes.length) === 0) return wrapBooster(handle);
    const text = firstLine(call.lastError());
    check('free booster', call.boosterFree(handle));
    return refuse('model-unreadable', () => `XGBoost cannot read this model: ${text}`);
  };

  return {
    path,
    source,
    version: version.flat().join('.'),
    createMatrix,
    createBooster: (matrices) => wrapBooster(createHandle(matrices)),
    loadBooster,
  };
}

/** How XGBoost is told where an array lies (NumPy's array interface). */
function arrayText(koffi: Koffi, array: Float32Array | Uint32Array, type: string, shape = [array.length]): string {
  return `{"data":[${koffi.address(array)},true],"shape":[${shape}],"typestr":"${type}","version":3}`;
}

/** XGBoost puts the time and its own source file before its messages and a stack trace behind; the rest says what is wrong. */
function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? '').replace(/^\[[\d:]+\] \S+:\d+: /, '');
}
