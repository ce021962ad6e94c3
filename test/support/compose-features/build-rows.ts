import { asCompose, newer, tested, type Row } from './row.js';

export const BUILD_ROWS: readonly Row[] = [
  ...[
    'additional_contexts',
    'cache_from',
    'cache_to',
    'context',
    'dockerfile',
    'dockerfile_inline',
    'entitlements',
    'extra_hosts',
  ],
  ...['isolation', 'labels', 'network', 'no_cache', 'platforms', 'privileged', 'pull', 'shm_size', 'target'],
  ...['ulimits'],
].map((name) => asCompose(`services.build.${name}`));

export const BUILD_ROWS_SAID: readonly Row[] = [
  tested(
    'refused',
    'services.build.args',
    'as Compose, unless one hands a secret to the build, where it would stay in the image',
    'unit/runner/build-args.test.ts',
    'finds the value of a secret in a build argument where Compose takes no marker',
  ),
  asCompose('services.build.secrets', 'from files and from declared secrets'),
  asCompose('services.build.ssh', 'of the VM, which has no agent'),
  asCompose('services.build.tags', 'stay with the image; `app:destroy` removes what the app was built as'),
  newer('services.build.provenance', { build: { context: '.', provenance: true } }),
  newer('services.build.sbom', { build: { context: '.', sbom: true } }),
];
