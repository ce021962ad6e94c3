/** Keys and JSON types of a value, without its values: what a client that parses an answer depends on. */
export type Shape = string | readonly Shape[] | { readonly [key: string]: Shape };

const compare = (a: Shape, b: Shape): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/** A list becomes the different shapes of its elements, in a fixed order. */
export function shapeOf(value: unknown): Shape {
  if (value === null) return 'null';
  if (Array.isArray(value)) {
    const shapes = new Map(value.map((each) => [JSON.stringify(shapeOf(each)), shapeOf(each)]));
    return [...shapes.values()].sort(compare);
  }
  if (typeof value !== 'object') return typeof value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, shapeOf(part)]),
  );
}
