import { asCompose, newer, refused, tested, type Row } from './row.js';

const IN_FORCE = 'integration/app/in-force.test.ts';
const one = { one: { image: 'base:1' } };

export const DEPLOY_ROWS: readonly Row[] = [
  ...['labels', 'resources'].map((name) => asCompose(`services.deploy.${name}`)),
  ...['endpoint_mode', 'placement', 'rollback_config', 'update_config'].map((name) =>
    asCompose(`services.deploy.${name}`, 'read and ignored: for swarm'),
  ),
  asCompose('services.deploy.replicas'),
  tested(
    'better',
    'services.deploy.mode',
    'a job runs to its end, and is waited for',
    'unit/runner/verdict.test.ts',
    'is judged by its health check, unless it is a job',
  ),
  tested('better', 'services.deploy.restart_policy', 'as `restart`', 'unit/runner/verdict.test.ts', 'is told by %s'),
];

export const TOP_ROWS: readonly Row[] = [
  asCompose('name', '`app.name` is the name of the project; another one in the files is told at the deploy'),
  asCompose('version', 'read and ignored'),
  asCompose('x-', 'as anchors, aliases and merges (`<<`)'),
  asCompose('interpolation', 'all forms, from settings and secrets, and `ZEBU_REF`, `ZEBU_COMMIT`, `ZEBU_RELEASE`'),
  refused(
    'interpolation of what must be there',
    '`${NAME:?why}` without a value, with its own words',
    { services: { one: { image: '${NOT_SET:?say which image}' } } },
    /say which image/,
  ),
  asCompose('include', 'with project directory and env file of its own'),
  tested(
    'as Compose',
    '!reset and !override',
    '',
    'long/app/compose-table.test.ts',
    'merges several files, with !reset and !override',
  ),
  tested(
    'as Compose',
    'compose.override.yml',
    'only when `app.compose` names it; one that is not named is told at the deploy',
    'long/app/compose-table.test.ts',
    'tells what plain Compose would have read, and what it calls the project',
  ),
  newer('models', { models: ['llm'] }, '', { models: { llm: { model: 'ai/smollm2' } } }),
  ...['attachable', 'driver', 'enable_ipv4', 'external', 'internal', 'labels', 'name'].map((name) =>
    asCompose(`networks.${name}`),
  ),
  ...['driver_opts', 'enable_ipv6', 'ipam'].map((name) =>
    tested(
      'better',
      `networks.${name}`,
      'a network with other settings is made anew, with what is on it; the same for the rest of a network',
      IN_FORCE,
      'makes a network with other settings anew, with what is on it',
    ),
  ),
  ...['external', 'name'].map((name) => asCompose(`volumes.${name}`)),
  ...['driver', 'driver_opts', 'labels'].map((name) =>
    tested(
      'refused',
      `volumes.${name}`,
      'as Compose, until they change: Docker cannot change a volume that is there, and the deploy says what can be done',
      IN_FORCE,
      'refuses a volume with other settings before anything is touched, and says what to do',
    ),
  ),
  ...['content', 'environment', 'file', 'labels'].map((name) => asCompose(`configs.${name}`)),
  ...['environment', 'file', 'labels'].map((name) => asCompose(`secrets.${name}`)),
  ...(['configs', 'secrets'] as const).flatMap((kind) =>
    ['external', 'name'].map((name) =>
      refused(
        `${kind}.${name}`,
        'external ones are for swarm: refused before anything is touched; Compose refuses them while it replaces containers',
        { services: { one: { ...one.one, [kind]: ['outside'] } }, [kind]: { outside: { external: true, name: 'x' } } },
        /outside.*external/,
      ),
    ),
  ),
  ...[
    ['configs', 'template_driver'],
    ['secrets', 'template_driver'],
    ['secrets', 'driver'],
    ['secrets', 'driver_opts'],
  ].map(([kind = '', name = '']) =>
    refused(
      `${kind}.${name}`,
      'for swarm: refused before anything is touched; Compose refuses it while it replaces containers',
      {
        services: { one: { ...one.one, [kind]: ['given'] } },
        [kind]: { given: { file: 'app.env', [name]: name === 'driver_opts' ? { a: 'b' } : 'x' } },
      },
      new RegExp(`given.*${name}`),
    ),
  ),
];
