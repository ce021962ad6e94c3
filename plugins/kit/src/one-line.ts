/** Lines as one, a blank between them. By hand: the regular expression for it takes the square of a long run of blanks. */
export function oneLine(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ');
}
