/**
 * A text from a stranger as one line that a terminal shows and does not obey: control characters, line ends, and the marks that
 * turn the direction of writing are shown as their code (`\u{1b}`).
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) as number).toString(16)}}`;
  });
}
