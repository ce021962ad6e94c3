import * as z from 'zod';
import { demand } from './demands.js';
import { age, seconds, serviceName } from './scalars.js';
import { secretName } from './secret-declaration.js';

const command = z.union(
  [z.array(z.string()).min(1), z.string().min(1)],
  'a list of program and arguments, or a line for the shell of the image',
);

const insidePath = z.string().regex(/^\/[^\p{Cc}|]*$/u, 'must be a path in the container, which begins with /');

const store = z
  .strictObject({
    service: serviceName.describe('Service in whose container it is.'),
    kind: z
      .enum(['mariadb', 'mongo', 'mysql', 'none', 'postgres', 'redis', 'sqlite'])
      .optional()
      .describe('What it is, with the way it is dumped. `none`: not dumped, although it would be found.'),
    path: insidePath.optional().describe('Of `kind: sqlite`: the file, as the container has it.'),
    dump: command.optional().describe('In place of `kind`: run in the container; what it prints is the dump.'),
    restore: command.optional().describe('Run in the container; the dump is on its standard input.'),
  })
  .refine(demand('exactlyOne', 'kind', 'dump'), 'give exactly one of `kind` and `dump`')
  .refine(demand('together', 'dump', 'restore'), 'give both `dump` and `restore`')
  .refine(demand('pathOfSqlite'), '`kind: sqlite`, and only that, has a `path`');

const count = z.int().min(0).max(10_000);

const offsite = z.strictObject({
  repository: secretName.describe(
    'Declared secret that holds the repository as restic has it: `/mnt/nas/shop`, `rest:https://…`, `s3:https://…`, `sftp:user@host:/path`.',
  ),
  password: secretName.describe('Declared secret that the repository is encrypted with. Keep it elsewhere, too.'),
  environment: z
    .array(secretName)
    .default([])
    .describe('Declared secrets that restic finds in its environment: `[AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY]`.'),
  keep: z
    .strictObject({
      last: count.default(7).describe('The last ones.'),
      daily: count.default(14).describe('The last one of so many days.'),
      weekly: count.default(8).describe('The last one of so many weeks.'),
      monthly: count.default(12).describe('The last one of so many months.'),
    })
    .refine(demand('anyAboveZero'), 'nothing would be kept')
    .prefault({})
    .describe('Which copies are kept; what none of these keeps is removed.'),
});

/** A calendar of systemd holds nothing that a file of it would take for more than a value. */
const schedule = z
  .string()
  .regex(/^[A-Za-z0-9*/:.,~ +_-]{1,100}$/, 'a time such as 02:30, or a calendar of systemd such as Mon..Fri 02:30');

const dataCheck = z.strictObject({
  service: serviceName.describe('Service in whose container it is run.'),
  command: z
    .array(z.string())
    .min(1)
    .describe('Program and arguments; what it prints is shown, and it must exit with 0.'),
  same: z
    .boolean()
    .default(false)
    .describe('It must print exactly what it prints in the VM of the app, as for data that does not change.'),
});

export const dataSection = z.strictObject({
  stores: z
    .record(z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'lower-case letters, digits, dots and hyphens'), store)
    .default({})
    .describe(
      'What is to be dumped beside what is found by itself, or in another way: `{db: {service: db, kind: postgres}}`, `{queue: {service: queue, dump: [tool, export], restore: [tool, import]}}`.',
    ),
  volumes: z
    .array(
      z
        .string()
        .regex(
          /^[A-Za-z0-9][A-Za-z0-9_.-]*(:\/[^\s|'"\\]*)?$/,
          'the name of a volume in the Compose files, or SERVICE:/PATH',
        ),
    )
    .default([])
    .describe(
      'Folders that go into each dump as they are, file by file: names of volumes in the Compose files, or `web:/app/uploads`.',
    ),
  schedule: schedule
    .optional()
    .describe('When the VM makes one by itself: `02:30`, or as systemd has it, `Mon..Fri 02:30`. Default: not.'),
  keep: z
    .strictObject({
      last: z.int().min(1).max(10_000).default(7).describe('The last ones, whatever their age.'),
      days: z.int().min(0).max(3650).default(7).describe('Beside those, all that are younger than so many days.'),
    })
    .prefault({})
    .describe('Which dumps stay in the VM.'),
  max_age: age
    .optional()
    .describe('From which age of the newest dump on `doctor` and `app:status` say that it is too old: `26h`, `3d`.'),
  timeout: seconds.default(3600).describe('Seconds for the dump of one store, and for a copy off the VM.'),
  offsite: offsite.optional().describe('Copies off the VM, with restic.'),
  check: z
    .record(
      z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, 'lower-case letters, digits, hyphens and underscores'),
      dataCheck,
    )
    .default({})
    .describe(
      'Questions to the data, by name, that a copy of it is asked: `{rows: {service: db, command: [psql, -U, shop, -tAc, "select count(*) from orders"]}}`.',
    ),
});

export type DataSettings = z.infer<typeof dataSection>;
