import { Flags } from '@oclif/core';
import { layout, type Layout } from './layout.js';

/** Flags every lab command has. */
export const labFlags = {
  name: Flags.string({ default: 'default', env: 'ZEBU_LAB_NAME', description: 'Name of the lab; several can be up.' }),
  'state-dir': Flags.string({
    env: 'ZEBU_LAB_STATE_DIR',
    description: 'Folder for its state. Default: below the user’s state folder.',
  }),
};

export function labLayout(flags: { name: string; 'state-dir'?: string | undefined }): Layout {
  return layout(flags.name, process.env, flags['state-dir']);
}
