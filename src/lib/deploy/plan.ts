import { quote } from '@zebu/kit';
import type { Config } from '../config/schema.js';
import { frontPlan } from './front-proxy.js';
import type { Target } from './git.js';
import type { ReleaseId } from './release-id.js';

/** Run in the checkout before the build, when the commit has it. */
export const PRE_BUILD_HOOK = '.zebu/hooks/pre-build';

export interface Author {
  readonly who: string;
  /** Host name, or the run of a CI. */
  readonly from: string;
}

export interface ReleasePlan {
  readonly id: ReleaseId;
  readonly target: Target;
  readonly author: Author;
  /** Where zebu.yml is below the top of the repository; empty for the top. */
  readonly prefix: string;
}

/** Options of `docker compose` that choose files and profiles; schema-checked to be free of blanks. */
export function composeOptions(app: Config['app']): string {
  return [...app.compose.map((file) => `-f ${file}`), ...app.profiles.map((profile) => `--profile ${profile}`)].join(
    ' ',
  );
}

/** The members of the history's JSON line that are known before the deploy. */
export function recordMembers(plan: ReleasePlan): string {
  const { id, target, author } = plan;
  const members = { id, ref: target.ref, kind: target.kind, commit: target.commit, subject: target.subject, ...author };
  return JSON.stringify(members).slice(1, -1);
}

/** `service=strategy ...` for the services that have one of their own. */
export function serviceStrategies({ deploy }: Config): string {
  return Object.entries(deploy.services)
    .flatMap(([name, { strategy }]) => (strategy === undefined ? [] : [`${name}=${strategy}`]))
    .join(' ');
}

/** Shell assignments for the runner, which sources them. Every value is one quoted word. */
export function planFile(plan: ReleasePlan, config: Config): string {
  const { app, deploy } = config;
  const values: Readonly<Record<string, string>> = {
    project: app.name,
    folder: plan.prefix === '' ? 'tree' : `tree/${plan.prefix}`,
    files: composeOptions(app),
    record: recordMembers(plan),
    timeout: String(Math.ceil(deploy.timeout)),
    build_timeout: String(Math.ceil(deploy.build_timeout)),
    stability: String(Math.ceil(deploy.stability)),
    keep: String(deploy.keep),
    hook: PRE_BUILD_HOOK,
    strategy: deploy.strategy,
    strategies: serviceStrategies(config),
    drain: String(Math.ceil(deploy.drain)),
    parallel: deploy.build.parallel === undefined ? '' : String(deploy.build.parallel),
    app_weight: String(deploy.build.app_weight),
    ...frontPlan(config),
  };
  return Object.entries(values)
    .map(([name, value]) => `${name}=${quote(value)}\n`)
    .join('');
}
