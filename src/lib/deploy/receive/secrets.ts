import { sh } from '@zebu/kit';

/**
 * Secrets are merged by name into the latest version: a name the client did not send keeps its value, and an unchanged
 * set keeps its version.
 */
export function secretsPart(secretsSize: number): string {
  return sh`
head -c ${secretsSize} >.incoming/secrets
latest=$(ls shared/secrets | sort -n | tail -n 1)
if [ -n "$latest" ]; then cp "shared/secrets/$latest" .incoming/before; else : >.incoming/before; fi
awk -F= 'FILENAME == ARGV[1] { line[$1] = $0; order[++n] = $1; next }
  ($1 in line) { print line[$1]; delete line[$1]; next } { print }
  END { for (i = 1; i <= n; i++) if (order[i] in line) print line[order[i]] }' .incoming/secrets .incoming/before >.incoming/merged
version=$latest
if [ -s .incoming/merged ] && ! cmp -s .incoming/merged .incoming/before; then
  number=$(printf '%s' "$latest" | sed -e 's/[.]env$//')
  version=$((number + 1)).env
  mv .incoming/merged "shared/secrets/$version"
fi
`;
}
