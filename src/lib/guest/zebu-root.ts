/** Where zebu keeps everything in the VM. */
export const ZEBU_ROOT = '/opt/zebu';
