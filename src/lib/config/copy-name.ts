/** What copies of VMs are called, and so nothing else may be: see proxmox/ownership.ts. */
export const COPY_PREFIX = 'zebu-copy-of-';
