import { register } from 'node:module';

/** Preloaded by a test: makes the import of a slow or native library an error. */
const hooks = `export async function resolve(specifier, context, next) {
  if (/^(webgpu|koffi|zod|simple-statistics|xgboost_node)(\\/|$)/.test(specifier)) throw new Error('loads ' + specifier);
  return next(specifier, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
