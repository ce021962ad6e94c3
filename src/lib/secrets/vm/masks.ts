import { sh } from '@zebu/kit';
import { appLayout } from '../../deploy/layout.js';

import { UNESCAPE_AWK } from './unescape.js';

/**
 * Makes the sed script that takes values out of everything the VM writes: journal, build output, logs. It runs where the
 * values are, so that those the client never had are taken out too, and over all versions, since old logs hold old values.
 *
 * Input are version files in the one form zebu writes (`dotenvLine`). Long values are looked for in pieces of 240 bytes, a
 * multiple of three, so that base64 of a piece is a piece of the base64. Bytes throughout: LC_ALL=C. No `${` in here.
 */
export const MASKS_AWK =
  UNESCAPE_AWK +
  String.raw`
BEGIN {
  for (i = 1; i < 256; i++) { c = sprintf("%c", i); ord[c] = i; hex[c] = sprintf("%02x", i); url[c] = sprintf("%%%02X", i) }
  for (i = 1; i <= 66; i++) url[substr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~", i, 1)] = ""
  alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
  quote = "\047"
}
function base64(text,   out, n, i, a, b, c) {
  out = ""
  n = length(text)
  for (i = 1; i <= n; i += 3) {
    a = ord[substr(text, i, 1)]; b = i < n ? ord[substr(text, i + 1, 1)] : 0; c = i + 1 < n ? ord[substr(text, i + 2, 1)] : 0
    out = out substr(alphabet, int(a / 4) + 1, 1) substr(alphabet, (a % 4) * 16 + int(b / 16) + 1, 1) substr(alphabet, (b % 16) * 4 + int(c / 64) + 1, 1) substr(alphabet, c % 64 + 1, 1)
  }
  return out
}
function emit(text,   size) {
  size = length(text)
  if (size < 4 || text in seen) return
  seen[text] = 1
  gsub(/[][\\.*^$\/]/, "\\\\&", text)
  print size "\ts/" text "/[redacted]/g"
}
function emit64(text,   other) {
  emit(text)
  other = text
  gsub(/[+]/, "-", other)
  gsub(/\//, "_", other)
  if (other != text) emit(other)
}
function encoded(text,   n, i, c, h, u, up, low, plus) {
  n = length(text)
  h = up = low = plus = u = ""
  for (i = 1; i <= n; i++) {
    c = substr(text, i, 1)
    h = h hex[c]
    if (url[c] == "") { up = up c; low = low c; plus = plus c; u = u c }
    else {
      up = up url[c]; low = low tolower(url[c]); plus = plus (c == " " ? "+" : url[c])
      # What JavaScript leaves as it is.
      u = u (index("!*()" quote, c) > 0 ? c : url[c])
    }
  }
  emit(h); emit(toupper(h)); emit(up); emit(low); emit(plus); emit(u)
  emit64(substr(base64(text), 1, int((n * 8 + 5) / 6)))
  emit64(substr(base64(text), 1, int(n * 8 / 6)))
  emit64(substr(base64("x" text), 3, int((n + 1) * 8 / 6) - 2))
  emit64(substr(base64("xx" text), 4, int((n + 2) * 8 / 6) - 3))
}
function pieces(text, raw,   n, from, size, piece, json) {
  n = length(text)
  if (n < 4) return
  for (from = 1; from <= n; from += size) {
    size = 240
    # No tail too short to be looked for.
    if (n - from - size + 1 < 4) size = n - from + 1
    piece = substr(text, from, size)
    encoded(piece)
    if (!raw) continue
    emit(piece)
    json = piece
    gsub(/["\\]/, "\\\\&", json)
    if (json != piece) emit(json)
    # As a version file and the output of "docker compose config" spell it.
    if (index(piece, "$") > 0) {
      gsub(/[$]/, "\\\\&", json)
      emit(json)
      gsub(/[$]/, "$$", piece)
      emit(piece)
    }
  }
}
{
  at = index($0, "=")
  body = substr($0, at + 2, length($0) - at - 2)
  if (substr($0, at + 1, 1) == "\"") body = unescape(body)
  if (body in done) next
  done[body] = 1
  count = split(body, line, /\r\n|\r|\n/)
  if (count > 1) pieces(body, 0)
  for (l = 1; l <= count; l++) pieces(line[l], 1)
}
`;

/** Sets `$masks` in a script: what takes the app's values out of text, for `sed -f`; nothing where there are none yet. */
export function setMasks(app: string): string {
  return sh`
masks=${`${appLayout(app).secrets}/redact.sed`}
[ -f "$masks" ] || masks=/dev/null
`;
}
