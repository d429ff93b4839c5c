/** What ECharts writes for a page in which its own script runs: no reader of the picture needs it. */
const unused = / (?:ecmeta_\w+|class|pointer-events|xml:space|baseProfile|version|xmlns:xlink)="[^"]*"/g;
const font = 'font-size:12px;font-family:system-ui, sans-serif;';
const circle =
  /<path d="M1 0A1 1 0 1 1 1 -0\.\d+A1 1 0 0 1 1 0" transform="matrix\(([\d.]+),0,0,[\d.]+,([\d.]+),([\d.]+)\)"([^>]*)\/>/g;
/** Neighbours of one kind and style: circles, and closed shapes without a place of their own. */
const circles =
  /(?:<circle r="[\d.]+" cx="[\d.]+" cy="[\d.]+"([^>]*)\/>)(?:<circle r="[\d.]+" cx="[\d.]+" cy="[\d.]+"\1\/>)+/g;
const shapes = /<path d="M[^"]*Z"( fill="[^"]*")\/>(?:<path d="M[^"]*Z"\1\/>)+/g;

/** Many dots as one shape, each of two arcs that begin at its right. */
const dots =
  /<path d="((?:M[\d.]+ [\d.]+A([\d.]+) \2 0 1 1 [\d.]+ [\d.]+A\2 \2 0 0 1 [\d.]+ [\d.]+Z?)+)" fill="([^"]*)"([^>]*)\/>/g;

/** A picture that ECharts drew, in less than half of its bytes: it looks the same. Shapes of one style are drawn as one, dots of one style as a group. */
export function slimSvg(svg: string): string {
  return svg
    .replace(/<style[\s\S]*?<\/style>|<defs>\s*<\/defs>/g, '')
    .replace(unused, '')
    .replaceAll(` style="${font}"`, '')
    .replaceAll('font-family:system-ui, sans-serif;', '')
    .replace('<svg', '<svg font-size="12" font-family="system-ui, sans-serif"')
    .replace(/>\s*<\/(path|rect|circle|ellipse|polygon|polyline|line|image)>/g, '/>')
    .replaceAll('\n', '')
    .replace(
      circle,
      (_, r: string, x: string, y: string, rest: string) =>
        `<circle r="${r}" cx="${tenth(x)}" cy="${tenth(y)}"${rest}/>`,
    )
    .replace(circles, (all: string, rest: string) => `<g${rest}>${all.replaceAll(`${rest}/>`, '/>')}</g>`)
    .replace(dots, (_, d: string, r: string, fill: string, rest: string) => {
      const places = [...d.matchAll(/M([\d.]+) ([\d.]+)A/g)].map(
        ([, x, y]) => `M${tenth(Number(x) - Number(r))} ${y}h0`,
      );
      return `<path d="${places.join('')}" stroke="${fill}" stroke-width="${2 * Number(r)}" stroke-linecap="round"${rest.replace('fill-opacity', 'stroke-opacity')}/>`;
    })
    .replace(
      shapes,
      (all: string, rest: string) =>
        `<path d="${[...all.matchAll(/ d="([^"]*)"/g)].map(([, d]) => d).join('')}"${rest}/>`,
    );
}

/** A tenth of a pixel is finer than a screen shows. */
function tenth(value: string | number): string {
  return String(Math.round(10 * Number(value)) / 10);
}
