/** What the kernel says of a full disk, whichever program passes it on. The runner's own is in runner/reason.sh. */
export const saysDiskFull = (words: string): boolean => /no space left on device/i.test(words);
