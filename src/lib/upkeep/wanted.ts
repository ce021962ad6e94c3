import { appLayout } from '../app-folder/layout.js';
import type { Config } from '../config/schema.js';
import type { UnitOwner, WantedUnits } from '../units/unit.js';
import { notifyPackages, notifyUnit } from './notify/unit.js';
import { probationUnit } from './probation/unit.js';
import { watchUnits } from './watch/unit.js';

/** All units there can be. */
const NAMES = ['notify', 'probation', 'watch', 'watch-heal'];

/** What the VM is to do by itself between deploys, as zebu.yml says. */
export function wantedUnits(config: Pick<Config, 'app' | 'deploy' | 'notify' | 'prove' | 'watch'>): WantedUnits {
  const notify = notifyUnit(config);
  const probation = probationUnit(config);
  return {
    units: [
      ...watchUnits(config),
      ...(notify === undefined ? [] : [notify]),
      ...(probation === undefined ? [] : [probation]),
    ],
    names: NAMES,
    packages: notifyPackages(config),
  };
}

export const ownerOf = ({ app, vm }: Pick<Config, 'app' | 'vm'>): UnitOwner => ({
  app: app.name,
  base: appLayout(app.name).base,
  user: vm.user,
});
