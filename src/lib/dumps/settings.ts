import { sh, variables } from '@zebu/kit';
import type { DataSettings } from '../config/data-section.js';
import { dataSettings } from '../config/data-settings.js';
import type { Config } from '../config/schema.js';

type Stores = DataSettings['stores'];

const words = (command: readonly string[] | string): readonly string[] =>
  typeof command === 'string' ? ['sh', '-c', command] : command;

/** name|kind|service|path, a line each; in place of a path a store with commands of its own has its number. */
const table = (stores: Stores): string =>
  Object.entries(stores)
    .map(([name, { service, kind, path }], index) =>
      [name, kind ?? 'command', service, path ?? (kind === undefined ? index + 1 : '')].join('|'),
    )
    .join('\n');

/** Defines data_1_dump and data_1_restore, and so on: each calls what it is given with the words of the store's command behind. */
function commands(stores: Stores): string {
  return Object.values(stores)
    .flatMap(({ dump, restore }, index) =>
      Object.entries({ dump, restore }).map(([what, command]) =>
        command === undefined ? '' : sh`${`data_${index + 1}_${what}`}() { "$@" ${words(command)}; }` + '\n',
      ),
    )
    .join('');
}

function offsiteKeep({ last, daily, weekly, monthly }: NonNullable<DataSettings['offsite']>['keep']): string {
  return Object.entries({ last, daily, weekly, monthly })
    .flatMap(([name, count]) => (count === 0 ? [] : [`--keep-${name} ${count}`]))
    .join(' ');
}

/** What of zebu.yml the shell of dumps goes by: assignments and a function. No value of a secret. */
export function dumpSettings(config: Pick<Config, 'data' | 'deploy'>): string {
  const { stores, volumes, timeout, keep, offsite } = dataSettings(config);
  const values = {
    data_stores: table(stores),
    data_volumes: volumes.join(' '),
    data_timeout: Math.ceil(timeout),
    data_keep_last: keep.last,
    data_keep_days: keep.days,
    data_offsite_repository: offsite?.repository ?? '',
    data_offsite_password: offsite?.password ?? '',
    data_offsite_environment: offsite?.environment.join(' ') ?? '',
    data_offsite_keep: offsite === undefined ? '' : offsiteKeep(offsite.keep),
    min_free: config.deploy.min_free_mb,
  };
  return variables(values) + commands(stores);
}

/** Debian's packages that dumps need. */
export function dataPackages(config: Pick<Config, 'data'>): readonly string[] {
  const { offsite, stores } = dataSettings(config);
  return [
    ...(offsite === undefined ? [] : ['restic']),
    ...(Object.values(stores).some(({ kind }) => kind === 'sqlite') ? ['sqlite3'] : []),
  ];
}
