/** Proxmox's own description of its API, compared with what the lab was made after: what broke, not what was added. */

interface Node {
  readonly path?: string;
  readonly children?: readonly Node[];
  readonly info?: Readonly<Record<string, { readonly parameters?: { readonly properties?: Properties } }>>;
}

type Properties = Readonly<Record<string, { readonly optional?: number | string | boolean }>>;

/** `GET /path/{with}/names` → parameter → whether it has to be given. */
export type Methods = Readonly<Record<string, Readonly<Record<string, { readonly required?: boolean }>>>>;

/** @param text of `api-viewer/apidata.js` in proxmox/pve-docs: one assignment of one list */
export function methodsOf(text: string): Methods {
  const start = text.indexOf('[');
  const end = text.lastIndexOf(']');
  if (start === -1 || end < start) throw new Error('the description of the API has another form than it had');
  const methods: Record<string, Record<string, { required?: boolean }>> = {};
  const visit = ({ path = '', children = [], info = {} }: Node): void => {
    for (const [method, { parameters }] of Object.entries(info)) {
      const properties = Object.entries(parameters?.properties ?? {}).filter(([name]) => !path.includes(`{${name}}`));
      methods[`${method} ${path}`] = Object.fromEntries(
        properties.map(([name, { optional }]) => [name, Number(optional ?? 0) === 0 ? { required: true } : {}]),
      );
    }
    children.forEach(visit);
  };
  (JSON.parse(text.slice(start, end + 1)) as readonly Node[]).forEach(visit);
  return methods;
}

/**
 * What all of some versions have: what is only in the newest of them may be newer than what is published.
 * @param versions oldest first; what the newest demands counts
 */
export function common(versions: readonly Methods[]): Methods {
  const newest = versions.at(-1) ?? {};
  const inAll = (has: (methods: Methods) => boolean): boolean => versions.every(has);
  return Object.fromEntries(
    Object.entries(newest)
      .filter(([method]) => inAll((methods) => methods[method] !== undefined))
      .map(([method, parameters]) => {
        const stable = Object.entries(parameters).filter(([name]) =>
          inAll((methods) => methods[method]?.[name] !== undefined),
        );
        return [method, Object.fromEntries(stable)];
      }),
  );
}

/**
 * @param known what zebu asks for and the lab answers
 * @returns one sentence for each thing that would not be taken any more as it is sent today
 */
export function schemaDifferences(known: Methods, newest: Methods): readonly string[] {
  return Object.entries(known).flatMap(([method, parameters]) => {
    const now = newest[method];
    if (now === undefined) return [`${method} is gone`];
    // `net[n]` stands for `net0`, `net1`, ….
    const gone = Object.keys(parameters).filter((name) => now[name] === undefined);
    const asked = Object.entries(now).filter(
      ([name, { required }]) => required === true && parameters[name]?.required !== true,
    );
    return [
      ...gone.map((name) => `${method} does not take ${name} any more`),
      ...asked.map(([name]) => `${method} wants ${name}`),
    ];
  });
}
