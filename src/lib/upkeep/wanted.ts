import { appLayout } from '../app-folder/layout.js';
import type { Config } from '../config/schema.js';
import type { UnitOwner, WantedUnits } from '../units/unit.js';
import { dataPackages } from '../dumps/settings.js';
import { dataUnit } from './data/unit.js';
import { notifyPackages, notifyUnit } from './notify/unit.js';
import { probationUnit } from './probation/unit.js';
import { watchUnits } from './watch/unit.js';

/** All units there can be. */
const NAMES = ['data-dump', 'notify', 'probation', 'watch', 'watch-heal'];

/** What the VM is to do by itself between deploys, as zebu.yml says. */
export function wantedUnits(
  config: Pick<Config, 'app' | 'data' | 'deploy' | 'notify' | 'prove' | 'vm' | 'watch'>,
): WantedUnits {
  const notify = notifyUnit(config);
  const probation = probationUnit(config);
  const data = dataUnit(config);
  return {
    units: [
      ...watchUnits(config),
      ...(notify === undefined ? [] : [notify]),
      ...(probation === undefined ? [] : [probation]),
      ...(data === undefined ? [] : [data]),
    ],
    names: NAMES,
    packages: [...notifyPackages(config), ...dataPackages(config)],
  };
}

export const ownerOf = ({ app, vm }: Pick<Config, 'app' | 'vm'>): UnitOwner => ({
  app: app.name,
  base: appLayout(app.name).base,
  user: vm.user,
});
