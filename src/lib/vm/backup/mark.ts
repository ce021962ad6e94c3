/** In the notes of every backup zebu makes, and of its job, so that they are found even when the VM is gone. */
export const backupMark = (app: string): string => `zebu-app-${app}`;
