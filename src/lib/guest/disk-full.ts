/** What the kernel says of a full disk, whichever program passes it on, and what dash makes of it. The runner's own is in runner/reason.sh. */
export const saysDiskFull = (words: string): boolean =>
  /no space left on device|(printf|echo): I\/O error/i.test(words);
