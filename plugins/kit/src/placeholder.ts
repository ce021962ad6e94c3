/** What examples and templates hold where a value belongs; matched against the whole value. */
const PLACEHOLDERS: readonly RegExp[] = [
  /^change[-_ ]?(me|it|this)\b.*$/i,
  /^(please[-_ ])?(replace|insert|enter|put|add|set|fill)[-_ ].*(here|me|this|value|secret|password|key|token)$/i,
  /^.*[-_ ]change[-_ ]?me[!]*$/i,
  /^your[-_ ].+$/i,
  /^(my|the|some|a)[-_ ].*[-_ ](here|goes[-_ ]here)$/i,
  /^(todo|tbd|fixme|placeholder|replace[-_ ]?me|undefined|null|none|dummy|example)$/i,
  /^<[^<>]*>$/,
  /^\$\{[^}]*\}$|^\{\{[^}]*\}\}$/,
  /^(x{3,}|\.{3,}|\u2026|\*{3,}|-{3,}|_{3,})$/i,
];

/** True for `CHANGE_ME`, `your_api_key_here`, `<password>` and the like: the example was copied, the value was not. */
export function isPlaceholder(value: string): boolean {
  const text = value.trim();
  return text.length <= 100 && PLACEHOLDERS.some((pattern) => pattern.test(text));
}
