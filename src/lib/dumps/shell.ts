import { variables } from '@zebu/kit';
import ASSIGN from '../app-folder/secrets/assign.sh';
import { MASK_FUNCTION } from '../app-folder/secrets/masks.js';
import DISK_FULL from '../guest/disk-full.sh';
import EVENT from '../units/event.sh';
import DUMP from './dump.sh';
import FILL from './fill.sh';
import MONGO from './in-container/mongo.sh';
import MYSQL from './in-container/mysql.sh';
import POSTGRES from './in-container/postgres.sh';
import REDIS from './in-container/redis.sh';
import OFFSITE from './offsite.sh';
import PROGRAM from './program.sh';

/** What runs in the containers of stores; see in_container of dump.sh. */
export const DUMP_PROGRAMS = variables({
  program_postgres: POSTGRES,
  program_mysql: MYSQL,
  program_mongo: MONGO,
  program_redis: REDIS,
});

/** Functions that make dumps and copy them, behind settings, `mask` and `assign`. */
export const DUMP_SHELL = DUMP + OFFSITE;

/** Functions that bring them back, behind those. */
export const FILL_SHELL = FILL;

export interface DumpProgram {
  /** The app, whose name is that of its Compose project. */
  readonly project: string;
  readonly base: string;
  /** What `dumpSettings` writes. */
  readonly settings: string;
  readonly action: 'copy' | 'dump' | 'forget-lent' | 'key-add' | 'key-drop' | 'lend' | 'list' | 'scheduled';
  readonly why: 'manual' | 'schedule';
  readonly who: string;
  readonly from: string;
  /** Of a list: also what is off the VM. */
  readonly offsite: boolean;
  /** The dump that is lent, or the key that is dropped. */
  readonly asked?: string;
  /** The password that is added; the program comes on standard input. */
  readonly word?: string;
  /** Seconds for another dump, or a run, to end. */
  readonly wait: number;
}

/** A dump outside of a run, from a client or a unit; see program.sh. */
export function dumpProgram({ settings, wait, offsite, asked = '', word = '', ...values }: DumpProgram): string {
  return [
    variables({ ...values, data_wait: wait, offsite_asked: offsite ? 1 : 0, asked, new_word: word }),
    settings,
    MASK_FUNCTION,
    DISK_FULL,
    ASSIGN,
    EVENT,
    DUMP_PROGRAMS,
    DUMP_SHELL,
    PROGRAM,
  ].join('');
}
