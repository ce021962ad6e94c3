/** The rule, in the one sentence that `init`, `doctor`, a refused deploy and the documentation say. */
export const SETTINGS_RULE =
  'What .env holds beside declared secrets goes with the release as plain settings; what looks like a secret must be declared.';
