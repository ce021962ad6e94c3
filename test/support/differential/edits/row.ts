import { parse, stringify } from 'yaml';
import type { App, Members } from '../app.js';

/** A change of the repository, or of `.env` beside it. `n` is another number each time. */
export interface EditRow {
  readonly name: string;
  readonly apply: (app: App, n: number) => void;
  /** Whether it can be done to such an app. */
  readonly to?: (app: App) => boolean;
}

/** A mapping within another one; made where it is not there. */
export const part = (of: Members, name: string): Members => (of[name] ??= {}) as Members;
export const section = (app: App, name: string): Members => part(app.compose, name);
export const service = (app: App, name: string): Members => part(section(app, 'services'), name);
export const has =
  (name: string) =>
  (app: App): boolean =>
    section(app, 'services')[name] !== undefined;
export const hasFile =
  (path: string) =>
  (app: App): boolean =>
    app.files[path] !== undefined;
export const hasBanner = (app: App): boolean => section(app, 'configs')['banner'] !== undefined;
export const noSecrets = (app: App): boolean => app.env['TOKEN'] === undefined;

/** Takes a member out where it is there, and puts it in where it is not. */
export const toggle = (of: Members, key: string, value: unknown): void => {
  if (of[key] === undefined) of[key] = value;
  else delete of[key];
};

/** Another value of a member of a service each time. */
export const member = (name: string, key: string, value: (n: number) => unknown): EditRow => ({
  name: `${name}: ${key}`,
  apply: (app, n) => {
    service(app, name)[key] = value(n);
  },
  to: has(name),
});

export const file = (path: string, what = (n: number): App['files'][string] => `${n}\n`): EditRow => ({
  name: `file ${path}`,
  apply: (app, n) => {
    app.files[path] = what(n);
  },
  to: hasFile(path),
});

/** Another file in the place of `api/Dockerfile`, behind two lines. */
export const dockerfile = (what: string, more: (n: number) => string): EditRow => ({
  name: `Dockerfile: ${what}`,
  apply: (app, n) => {
    service(app, 'api')['build'] = './api';
    app.files['api/Dockerfile'] = `FROM base:1 AS run\nCOPY . /api/\n${more(n)}`;
  },
  to: has('api'),
});

export const inYaml = (path: string, change: (of: Members, n: number) => void): EditRow => ({
  name: `in ${path}`,
  apply: (app, n) => {
    const text = app.files[path];
    const of = parse(typeof text === 'string' ? text : '') as Members;
    change(of, n);
    app.files[path] = stringify(of);
  },
  to: hasFile(path),
});

/** Takes a folder, or what stands in its place, out of the repository. */
export const without = (app: App, folder: string): void => {
  for (const each of Object.keys(app.files))
    if (each === folder || each.startsWith(`${folder}/`)) delete app.files[each];
};
