/** One thing that zebu.yml wants otherwise than it is. */
export interface Drift {
  /** Key of the configuration; `guest.…` for what zebu keeps in every VM. */
  readonly key: string;
  readonly wanted: string;
  readonly found: string;
  /** `now`: vm:apply changes it while the VM runs; `restart`: it takes effect when the VM starts again; `never`. */
  readonly change: 'never' | 'now' | 'restart';
  /** For `never`, why, and how else. */
  readonly why?: string | undefined;
}
