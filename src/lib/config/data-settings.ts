import { noData } from './built-data.js';
import type { DataSettings } from './data-section.js';

/** With what counts where zebu.yml says nothing. */
export const dataSettings = ({ data }: { readonly data?: DataSettings | undefined }): DataSettings =>
  data ?? structuredClone(noData);
