/** A place in a JSON text where a value has just been closed, as a scan finds it. */
interface Place {
  /** Just behind the closing bracket. */
  readonly end: number;
  /** Brackets still open there, as the characters that close them, outermost first. */
  readonly open: string;
}

/**
 * The value of a JSON text as the tools of the auto-tuning community leave it: Python's `NaN` and `Infinity` are read as null, and a text
 * that ends too soon (after an interrupted run) is cut behind the last whole entry and closed. An entry is an object or list that
 * lies inside at least two others, so that a row is kept or lost whole. Throws SyntaxError where the text cannot be mended so.
 */
export function parseMended(text: string): { readonly value: unknown; readonly mended: boolean } {
  try {
    return { value: JSON.parse(text), mended: false };
  } catch (error) {
    const { plain, last, complete } = scan(text);
    if (!complete && last === null) throw error;
    const whole = complete || last === null ? plain : plain.slice(0, last.end) + [...last.open].reverse().join('');
    return { value: JSON.parse(whole), mended: !complete };
  }
}

/** Numbers that Python writes and JSON does not know. */
const pythonNumbers = ['-Infinity', 'Infinity', 'NaN'];

function scan(text: string): { readonly plain: string; readonly last: Place | null; readonly complete: boolean } {
  const pieces: string[] = [];
  let open = '';
  let last: Place | null = null;
  let length = 0;
  const keep = (piece: string): void => {
    pieces.push(piece);
    length += piece.length;
  };
  let from = 0;
  let at = 0;
  while (at < text.length) {
    const char = text[at] as string;
    if (char === '"') {
      at++;
      while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
      at++;
      continue;
    }
    if (char === '{') open += '}';
    else if (char === '[') open += ']';
    else if (char === '}' || char === ']') {
      open = open.slice(0, -1);
      // Only values at the depth of rows count: the end of a list of samples inside a torn row must not be taken for the end of a row.
      if (open.length === 2) last = { end: length + at + 1 - from, open };
    } else if (char === 'N' || char === 'I' || (char === '-' && text[at + 1] === 'I')) {
      const found = pythonNumbers.find((name) => text.startsWith(name, at));
      if (found !== undefined) {
        keep(text.slice(from, at));
        keep('null');
        at += found.length;
        from = at;
        continue;
      }
    }
    at++;
  }
  keep(text.slice(from));
  return { plain: pieces.join(''), last, complete: open === '' };
}
