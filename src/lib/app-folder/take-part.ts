import { sh } from '@zebu/kit';

/** `FILE` from the next `size` bytes of standard input: a connection that ends early must not leave half a file. */
export function takePart(file: string, size: number): string {
  return sh`
head -c ${size} >${file}
[ "$(wc -c <${file})" -eq ${size} ] || { echo 'the connection ended early' >&2; exit 1; }
`;
}
