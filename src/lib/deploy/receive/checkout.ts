import { sh } from '@zebu/kit';
import type { Receive } from './index.js';

/** The pack into the bare repository, the commit's files into the release's folder, and its plan beside them. */
export function checkoutPart({ layout, id, commit, pack }: Receive): string {
  return sh`
umask 022
[ -d repo.git ] || git init -q --bare repo.git
if [ ${pack ? 1 : 0} = 1 ]; then git --git-dir=repo.git index-pack --stdin --fix-thin >/dev/null; else cat >/dev/null; fi
release=${`${layout.releases}/${id}`}
mkdir -p "$release/tree"
GIT_INDEX_FILE="$PWD/.incoming/index" git --git-dir=repo.git --work-tree="$release/tree" read-tree --reset -u ${commit}
git --git-dir=repo.git update-ref ${`refs/zebu/${id}`} ${commit}
{ cat .incoming/plan; printf 'secrets=%s\n' "$version"; } >"$release/plan.new"
mv "$release/plan.new" "$release/plan"
`;
}
