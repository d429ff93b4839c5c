/** Cuts the fields of a line apart without parsing them. */
export interface FieldCutter {
  /** True where the line is the fields in their order without white space; then `raw` and `isUnchanged` tell of this line. */
  cut(text: string): boolean;
  /** The text of a field's value. */
  raw(text: string, field: number): string;
  /** Whether the field has the text that was last remembered of it. */
  isUnchanged(field: number): boolean;
  /** Keeps the field's text of this line, so that a later line which repeats it need not be looked through. */
  remember(text: string, field: number): void;
}

/** `skipped`: a field whose end is looked for from the end of the line, see `skimLogs`; another field must come after it. */
export function createFieldCutter(fields: readonly string[], skipped: string): FieldCutter {
  const openings = fields.map((name, index) => `${index === 0 ? '{' : ','}"${name}":`);
  const skippedField = fields.indexOf(skipped);
  const begins = new Int32Array(fields.length);
  const ends = new Int32Array(fields.length);
  const unchanged = new Uint8Array(fields.length);
  const repeated = fields.map(() => '');
  const raw = (text: string, field: number): string => text.slice(begins[field], ends[field]);
  return {
    cut: (text) => {
      let at = 0;
      for (let field = 0; field < openings.length; field++) {
        const opening = openings[field] as string;
        if (!standsAt(text, opening, at)) return false;
        at += opening.length;
        begins[field] = at;
        const same = repeated[field] as string;
        // Quotes in a string are escaped, so that the opening of the next field stands nowhere else in a record.
        if (field === skippedField) at = text.lastIndexOf(openings[field + 1] as string);
        else if (same !== '' && text.slice(at, at + same.length) === same) {
          at += same.length;
          unchanged[field] = 1;
        } else {
          at = endOfValue(text, at);
          unchanged[field] = 0;
        }
        if (at < (begins[field] as number)) return false;
        ends[field] = at;
      }
      return at === text.length - 1 && text.charCodeAt(at) === closeBrace;
    },
    raw,
    isUnchanged: (field) => unchanged[field] === 1,
    remember: (text, field) => {
      repeated[field] = copyOf(raw(text, field));
    },
  };
}

/** A slice would hold on to the whole line it was cut from. */
export function copyOf(text: string): string {
  return Buffer.from(text).toString();
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** `startsWith`, several times as fast for these few characters. */
function standsAt(text: string, part: string, at: number): boolean {
  for (let index = 0; index < part.length; index++) {
    if (text.charCodeAt(at + index) !== part.charCodeAt(index)) return false;
  }
  return true;
}

/** The place behind a JSON value, or -1; brackets are counted and not paired, as the parser does that. */
function endOfValue(text: string, begin: number): number {
  const { length } = text;
  let depth = 0;
  for (let at = begin; at < length; at++) {
    switch (text.charCodeAt(at)) {
      case quote:
        at = endOfString(text, at);
        if (at < 0) return -1;
        if (depth === 0) return at + 1;
        break;
      case openBrace:
      case openBracket:
        depth += 1;
        break;
      case closeBrace:
      case closeBracket:
        depth -= 1;
        if (depth === 0) return at + 1;
        // The bracket of the record itself, behind a number or a word.
        if (depth < 0) return at;
        break;
      case comma:
        if (depth === 0) return at;
    }
  }
  return -1;
}

/** The place of the quote that ends a string, or -1. */
function endOfString(text: string, begin: number): number {
  for (let at = begin + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) return at;
    if (code === backslash) at += 1;
  }
  return -1;
}
