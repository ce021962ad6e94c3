# shellcheck shell=sh
# What an image was built from, as a key: who would be built from the same once more has its image already. A key stands for the build's own
# settings (a digest), the files of the build context (git's name of them), and the images of this machine that it starts from, with dots
# between. Where a key could not tell everything (what is fetched, contexts from elsewhere, `pull`, `no_cache`) there is none, and Docker is
# asked. Images that it starts from and that are not here may have moved in their registry, so that a key holds for a day.

# include ./touched.sh
# For how long, in seconds.
key_age=86400

# Reads the indented JSON of "docker compose config" and the Dockerfiles it names, and writes for each build that a key can tell all
# about, fields separated by tabs: image, context (/ is all of the commit), Dockerfile (a path of the commit), and the images it starts
# from (as Docker lists them, a blank behind each). Of services that share an image the one that builds it. Besides, a file each,
# $work/settings-1 and so on: its settings, with the key of the secrets, as they may hold something that could be guessed from a digest.
keyed_builds() {
  LC_ALL=C awk -v project="$project" -v tree="$release/tree" -v release="$release" -v salt="$base/shared/secrets/key" -v out="$work/settings-" -v OFS='\t' "$scan_images"'
    BEGIN { while ((getline row < salt) > 0) salted = salted row }
    depth == 3 && key == "platform" { platform[service] = value(line) }
    depth == 3 && key != "" { member = key; next }
    member != "build" { next }
    depth == 3 && line ~ /^}/ { if (!keyless) note_build(); member = ""; keyless = 0; context = dockerfile = settings = ""; split("", own_args); next }
    depth == 4 && key != "" { setting = key }
    depth == 4 && key == "context" { context = text(value(line)) }
    depth == 4 && key == "dockerfile" { dockerfile = text(value(line)) }
    depth == 4 && key ~ /^(additional_contexts|cache_to|dockerfile_inline|no_cache_filter|tags)$/ { keyless = 1 }
    depth == 4 && key ~ /^(pull|no_cache)$/ && value(line) == "true" { keyless = 1 }
    depth == 5 && setting == "tags" { made[listed(text(value(line)))] = 1 }
    depth == 5 && setting == "args" && key != "" && line !~ /: null,?$/ { own_args[key] = text(value(line)) }
    { settings = settings line }
    function note_build(   bases, at) {
      if (context != tree && index(context, tree "/") != 1) return
      sub(/^[.]\//, "", dockerfile)
      if (dockerfile == "" || dockerfile ~ /^\// || dockerfile ~ /(^|\/)[.][.](\/|$)/) return
      if (context dockerfile ~ /[\001-\037\177]/) return
      bases = bases_of(context "/" dockerfile)
      if (bases == "?") return
      while ((at = index(settings, release "/")) > 0) settings = substr(settings, 1, at - 1) "@/" substr(settings, at + length(release) + 1)
      gsub(/\t/, " ", settings)
      starts[service] = bases
      set[service] = settings
      context = substr(context, length(tree) + 1)
      known[service] = ((context == "") ? "/" : context) OFS substr(context "/" dockerfile, 2) OFS bases
    }
    END {
      find_builders()
      for (name in builder) made[listed(name)] = 1
      for (i = 1; i <= n; i++) {
        service = names[i]
        if (!(service in known) || builder[image[service]] != service) continue
        # What is built at the same time is another one by then.
        together = 0
        for (name in made) if (index(" " starts[service], " " name " ")) together = 1
        if (together) continue
        print image[service], known[service]
        file = out sprintf("%04d", ++keyed)
        printf "%s\n%s\n%s\n%s\n", salted, service " " image[service], starts[service], set[service] " " platform[service] >file
        close(file)
      }
    }

    # The name of an image as Docker lists it.
    function listed(name) {
      sub(/^(index[.])?docker[.]io\//, "", name); sub(/^library\//, "", name)
      return (name ~ /:[^\/]*$/) ? name : name ":latest"
    }

    # What the stages of a Dockerfile start from, and what they copy from; "?" where it cannot be told from its text.
    function bases_of(file,   row, whole, words, count, i, found, first, name, got, top) {
      split("", stage); split("", args)
      whole = ""; found = " "; first = top = 1
      while (found != "?" && (got = (getline row < file)) > 0) {
        sub(/\r$/, "", row)
        if (top) sub(/^\357\273\277/, "", row)
        if (row ~ /^[ \t]*#/) {
          if (top && directs_otherwise(tolower(row))) found = "?"
          continue
        }
        top = 0
        if (whole != "" && row ~ /^[ \t]*$/) continue
        whole = whole row
        if (whole ~ /\\[ \t]*$/) { sub(/\\[ \t]*$/, " ", whole); continue }
        count = split(whole, words, /[ \t]+/)
        i = (words[1] == "") ? 2 : 1
        name = toupper(words[i])
        if (name == "ARG" && first) for (i++; i <= count; i++) default_of(words[i])
        else if (name == "ADD" && whole ~ /:\/\/|[$]|@[^ \t]*:/) found = "?"
        else if (name == "FROM") {
          first = 0
          for (i++; i < count && words[i] ~ /^--/; i++);
          found = with_base(found, words[i])
          if (toupper(words[i + 1]) == "AS") stage[tolower(words[i + 2])] = 1
        } else if (name ~ /^(COPY|ADD|RUN)$/) for (; i <= count; i++) {
          gsub(/["\047]/, "", words[i])
          if (words[i] ~ /^--from=/) found = with_base(found, substr(words[i], 8))
          else if (words[i] ~ /^--mount=/ && match(tolower(words[i]), /[=,]from=[^,]*/)) found = with_base(found, substr(words[i], RSTART + 6, RLENGTH - 6))
        }
        whole = ""
      }
      close(file)
      return (found == "?" || got < 0 || first || whole != "") ? "?" : substr(found, 2)
    }
    # The lines before the first instruction may say that the file is to be read in another way.
    function directs_otherwise(row) {
      gsub(/[ \t]/, "", row)
      return row ~ /^#escape=/ || (row ~ /^#syntax=/ && row !~ /^#syntax=(docker[.]io\/)?docker\/dockerfile(:|@|$)/)
    }
    # Of a word with variables, each once: what a value says is no variable. "?" where one is not known.
    function filled(word,   out, name) {
      if (word ~ /\\/) return "?"
      out = ""
      while (match(word, /[$]([{][A-Za-z0-9_]+[}]|[A-Za-z0-9_]+)/)) {
        name = substr(word, RSTART + 1, RLENGTH - 1)
        gsub(/[{}]/, "", name)
        if (!(name in args) || args[name] == "?") return "?"
        out = out substr(word, 1, RSTART - 1) args[name]
        word = substr(word, RSTART + RLENGTH)
      }
      return (word ~ /[$]/) ? "?" : out word
    }
    function default_of(word,   at, name, what) {
      gsub(/["\047]/, "", word)
      at = index(word, "=")
      name = (at > 0) ? substr(word, 1, at - 1) : word
      # Apart: some awks have the entry before they know what goes into it, and it may be named there.
      what = (name in own_args) ? own_args[name] : (at > 0) ? filled(substr(word, at + 1)) : ""
      args[name] = what
    }
    function with_base(found, base) {
      if (found == "?") return found
      gsub(/["\047]/, "", base)
      base = filled(base)
      if (base == "?") return base
      if (base == "" || base == "scratch" || base ~ /^[0-9]+$/ || base ~ /@/ || (tolower(base) in stage)) return found
      base = listed(base)
      return index(found, " " base " ") ? found : found base " "
    }' "$work/config"
}

# Whether the release has so many files that one look at each is what costs.
is_large() { [ -f "$release/written" ]; }

# Of a large repository whose files have a mark: whether the hook has only put files beside those of the commit, which are then listed as
# below, without a look at all the others. Fails where more was done, or where it cannot be told.
only_added() {
  [ -f "$release/mark" ] && is_large || return 1
  came_since "$release/mark" "$release/tree" "$work/touched" "$base/repo.git" && changed_files "$release/mark" "$release/tree" "$work/touched" "$base/repo.git" "$release/index" "$release/written" || return 1
  for each in changed folders new git; do [ ! -s "$work/touched.$each" ] || return 1; done
  tr '\n\000' '\001\n' <"$work/touched.files" | LC_ALL=C sort >"$work/left-names"
  # Names that git would quote.
  ! LC_ALL=C grep -q '[^ -~]\|["\\]' "$work/left-names" || return 1
  sed 's/^/? /' "$work/left-names" >"$work/left"
  : >"$work/left-modes"
  # shellcheck disable=SC2094 # only read
  while IFS= read -r each; do
    [ -L "$release/tree/$each" ] || stat -c "%n %a" "$release/tree/$each"
  done <"$work/left-names" | sed -e "s|^$release/tree/||" -e '/ 644$/d' -e '/ 755$/d' >"$work/left-modes"
}

# Sets $left to what the hook before the build has left in the commit, or made of its files, as digests, each with a hyphen before it, and which of them may be run;
# nothing where there is none. Fails for what cannot be told so. Looked at once: nothing else writes there before it is built.
left_by_hook() {
  [ -z "$left_told" ] || return 0
  left=
  [ -f "$tree/.zebu/hooks/pre-build" ] || return 0
  if ! only_added; then
    ( cd "$release/tree" && GIT_INDEX_FILE=$release/index git --git-dir="$base/repo.git" --work-tree=. ls-files -t -o -m -d ) >"$work/left" || return 1
    # Not names that git has to quote, and repositories within. What is gone is listed as changed, too.
    awk '/^. "|\/$/ { odd = 1; exit } { name = substr($0, 3) } /^R/ { gone[name] = 1; next } { names[++n] = name } END { if (odd) exit 1; for (i = 1; i <= n; i++) if (!(names[i] in gone)) print names[i] }' "$work/left" >"$work/left-names" || return 1
    # Git knows nothing of folders, and of modes little.
    find "$release/tree" '(' -type d '(' -empty -o ! -perm 755 ')' -o -type f ! -perm 644 ! -perm 755 ')' -printf '%P %m\n' >"$work/left-modes" 2>/dev/null || return 1
    [ ! -s "$work/left-modes" ] || LC_ALL=C sort -o "$work/left-modes" "$work/left-modes"
  fi
  sum_left && left_told=1
}
sum_left() {
  drop "$work/left-unread"
  # A few files are read as they are, which is a program less; an archive says besides which of them may be run.
  set -- "$work/left-modes" "$work/left"
  few_left=1 runs_left=''
  while IFS= read -r each; do
    each=$release/tree/$each
    if [ $# = 10 ] || [ ! -f "$each" ] || [ -L "$each" ]; then few_left=; break; fi
    [ ! -x "$each" ] || runs_left="$runs_left.$#"
    set -- "$@" "$each"
  done <"$work/left-names"
  if [ -n "$few_left" ]; then timeout 60 sha256sum "$@" 2>/dev/null || : >"$work/left-unread"
  else left_files | ( cd "$work" && sha256sum left-modes left - )
  fi >"$work/left-sums"
  while read -r sum _; do left="$left-$sum"; done <"$work/left-sums"
  left="$left${runs_left:+-x}$runs_left"
  [ ! -e "$work/left-unread" ]
}
left_files() {
  timeout 60 tar -c --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --no-recursion -C "$release/tree" --verbatim-files-from -T "$work/left-names" 2>/dev/null || : >"$work/left-unread"
}

# When the hook before the build had done, for what it has left to be told later, too: of a large repository it takes a look at each file,
# and what comes next is mostly built of other files anyway.
mark_left() {
  [ -f "$tree/.zebu/hooks/pre-build" ] && [ -f "$release/mark" ] && is_large || return 0
  if ! mark_checkout "$release/left-mark" || ! pass_mark "$release/left-mark" "$work/passed"; then drop "$release/left-mark"; fi
}

# Whether that can wait. Not where anything else may write there: another hook, or who is given files of the commit.
left_can_wait() {
  [ -f "$release/left-mark" ] && [ ! -s "$base/releases/$previous/files.yml" ] || return 1
  for each in "$tree"/.zebu/hooks/*; do [ "$each" = "$tree/.zebu/hooks/pre-build" ] || return 1; done
}

# The same of the live release, where it has waited until now: its builds are noted anew with it. Fails where something was changed there
# since, as nobody knows then what was built.
as_live() { release=$live tree=$live/$folder work=$work/live left=''; }
tell_left() (
  as_live
  { mkdir -p "$work" && [ -f "$release/left-mark" ] && marks_time "$release/left-mark" && only_added && left_since_mark && sum_left; } 2>/dev/null || exit 1
  umask 077
  sed "s/^\([0-9a-f.]*\)-later /\1$left /" "$live/builds" >"$live/builds.new" && mv "$live/builds.new" "$live/builds" || exit 1
  [ ! -e "$live/left" ] || printf '%s\n' "$left" >"$live/left"
)
# What went since has changed the folder that it was in.
left_since_mark() {
  { echo .; sed 's|^|./|' "$work/left-names"; } | tr '\n' '\000' >"$work/left-paths"
  # shellcheck disable=SC2016 # for that shell
  since_=$(cd "$release/tree" && xargs -0 sh -c 'find "$@" -maxdepth 0 -cnewer "$0"' "$release/left-mark" <"$work/left-paths") && [ -z "$since_" ]
}

# Writes to $work/here what the names in $work/bases stand for on this machine: NAME ID, or the JSON of each in their order. Fails where
# Docker does not say it.
find_bases() {
  : >"$work/here"
  [ -s "$work/bases" ] || return 0
  if ! engine_near || ! are_names "$work/bases"; then
    timeout 60 docker image ls --no-trunc --format '{{.Repository}}:{{.Tag}} {{.ID}}' >"$work/here" 2>/dev/null
    return
  fi
  while read -r base_; do echo "GET /images/$base_/json"; done <"$work/bases" >"$work/questions"
  engine_calls 60 <"$work/questions" >"$work/here" && [ -s "$work/here" ]
}

# Writes $work/keyed, a line for each build that has a key: the digest of its settings, and what keyed_builds says of it.
find_keyed() {
  drop "$work"/settings-[0-9]*
  # A Dockerfile may be a folder, for which some awks end.
  if ! keyed_builds >"$work/keyed-as" 2>/dev/null || [ ! -s "$work/keyed-as" ]; then : >"$work/keyed"; return 0; fi
  sha256sum "$work"/settings-[0-9]* >"$work/settings-sums"
  while read -r sum_ _ && IFS= read -r of_ <&3; do printf '%s\t%s\n' "$sum_" "$of_"; done <"$work/settings-sums" 3<"$work/keyed-as" >"$work/keyed"
}

# Writes $work/trees, for each of $work/keyed git's name of the files of its context; a hyphen where that is no folder of the commit, or
# the Dockerfile no file of it: a link led to it, or a hook has made it, and not all is known.
find_trees() {
  while IFS='	' read -r _ _ context_ file_ _; do
    # Git has the link itself for a file. Where it leads is in no context.
    [ ! -L "$release/tree/$file_" ] || file_=${context_#/}
    printf '%s\n' "refs/zebu/$id:${context_#/}" "refs/zebu/$id:$file_"
  done <"$work/keyed" >"$work/questions"
  git --git-dir="$base/repo.git" cat-file --batch-check='%(objecttype) %(objectname)' <"$work/questions" >"$work/contexts" || return 1
  while read -r type_ tree_ && read -r file_ _; do
    case $type_/$file_ in tree/blob) printf '%s\n' "$tree_" ;; *) echo - ;; esac
  done <"$work/contexts" >"$work/trees"
}

# Writes to $work/bases what the builds of $work/keyed start from, each name once.
list_bases() {
  listed_=' '
  while IFS='	' read -r _ _ _ _ bases_; do
    for base_ in $bases_; do
      case $listed_ in *" $base_ "*) continue ;; esac
      listed_="$listed_$base_ "
      printf '%s\n' "$base_"
    done
  done <"$work/keyed" >"$work/bases"
}

# Writes $work/keys, fields separated by a blank: key image tree context. Tree is git's name of the files of the context. What a hook has
# left stands behind the rest of the key: `-later` where that can wait, as it can where nobody asks for what is kept: find_keys [UNASKED].
# What the live release has read (recalled.sh) it has asked of git as well.
find_keys() {
  : >"$work/keys"
  [ -n "$recalled" ] || find_keyed
  [ -s "$work/keyed" ] || return 0
  if [ $# != 0 ] && left_can_wait; then left=-later; else left_by_hook || return 0; fi
  [ -n "$recalled" ] || find_trees || return 0
  list_bases
  find_bases || return 0
  awk -F'\t' -v left="$left" -v named="$work/named" '
# include ./image.awk
    function short(digest) { sub(/^[a-z0-9]+:/, "", digest); return substr(digest, 1, 32) }
    FILENAME == ARGV[1] { base[FNR] = $0; next }
    # An answer to each, or it is not known to what.
    FILENAME == ARGV[2] && /^[{]/ {
      id[base[FNR]] = image_id($0)
      if (id[base[FNR]] == "" && !/"No such image/) exit
      next
    }
    FILENAME == ARGV[2] { cut = index($0, " "); id[substr($0, 1, cut - 1)] = substr($0, cut + 1); next }
    FILENAME == ARGV[3] { tree[FNR] = $0; next }
    FNR in tree && tree[FNR] != "-" {
      key = short($1) "." tree[FNR]
      n = split($5, bases, " ")
      for (i = 1; i <= n; i++) {
        key = key "." short(id[bases[i]])
        if (!told[bases[i]]++) print bases[i], id[bases[i]] >named
      }
      print key left " " $2 " " tree[FNR] " " substr($3, 2)
    }' "$work/bases" "$work/here" "$work/trees" "$work/keyed" >"$work/keys"
}

# Writes $work/kept-images, fields separated by a blank: image id since tag... What was built of the same within a day, for any release,
# and is still here. After find_keys.
find_kept_images() {
  : >"$work/kept-images"
  [ -z "$rebuild" ] && [ -s "$work/keys" ] || return 0
  set --
  for each in "$base"/releases/*/builds; do [ ! -s "$each" ] || set -- "$@" "$each"; done
  [ $# != 0 ] || return 0
  clock
  awk -v now="$clock" -v age="$key_age" '
    FILENAME == ARGV[1] { key[$1] = $2; keys[++n] = $1; next }
    ($1 in key) && $3 <= now && $3 > now - age && $3 > since[$1] { id[$1] = $2; since[$1] = $3 }
    END { for (i = 1; i <= n; i++) if (keys[i] in id) print key[keys[i]], id[keys[i]], since[keys[i]] }' "$work/keys" "$@" >"$work/built-before"
  [ -s "$work/built-before" ] || return 0
  set --
  while read -r _ each _; do set -- "$@" "$each"; done <"$work/built-before"
  if engine_near; then
    for each; do echo "GET /images/$each/json"; done >"$work/questions"
    engine_calls 60 <"$work/questions" >"$work/here"
  else timeout 60 docker image inspect --format '{{.Id}}{{range .RepoTags}} {{.}}{{end}}' "$@" >"$work/here" 2>/dev/null
  fi || :
  # As JSON, or in the words of the client's format.
  awk '
# include ./image.awk
    FILENAME == ARGV[1] && /^[{]/ { if ((id = image_id($0)) != "") here[id] = image_names($0, "RepoTags"); next }
    FILENAME == ARGV[1] { id = $1; here[id] = ""; for (i = 2; i <= NF; i++) here[id] = here[id] " " $i; next }
    ($2 in here) { print $0 here[$2] }' "$work/here" "$work/built-before" >"$work/kept-images"
}
