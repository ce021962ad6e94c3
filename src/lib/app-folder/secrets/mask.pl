# Takes values out of everything the VM writes: the same matcher as `plugins/kit/src/masking`, made of the same table, which masks.ts puts
# in front. Standard input to standard output, a line as soon as it is there. It reads the version files (`dotenvLine`) by itself, so
# that there is no second file with the values, and none that could be older than they are.
#
# Arguments: the folder of the version files; `--strong` to leave alone what is masked only as a whole word; `--config FILE`, indented
# JSON of Compose, whose services' names stay readable; further names that do. Bytes throughout.

my $folder = shift @ARGV;
my $strong = @ARGV && $ARGV[0] eq '--strong' ? shift @ARGV : '';
my ($flag, $config) = @ARGV && $ARGV[0] eq '--config' ? splice(@ARGV, 0, 2) : ();
my %spared = map { $_ => 1 } @ARGV;
if (defined $config && open(my $lines, '<', $config)) {
  my $section = '';
  while (<$lines>) {
    $section = $1 if /^  "([^"]+)":/;
    $spared{$1} = 1 if $section eq 'services' && /^    "([^"]+)":/;
  }
}
my (%known, %grams, %words);

sub base64 { my $out = pack('u', $_[0]); $out =~ s/^.//mg; $out =~ s/\n//g; $out =~ tr{` -_}{AA-Za-z0-9+/}; return $out }
sub url64 { my $text = shift; $text =~ tr{+/}{-_}; return $text }
sub spelled {
  my ($value, $inside) = @_;
  my $n = length $value;
  my @base64 = $inside
    ? map { my $at = (0, 2, 3)[$_]; substr(base64(("\0" x $_) . $value), $at, int(($_ + $n) * 8 / 6) - $at) } 0 .. 2
    : substr(base64($value), 0, int(($n * 8 + 5) / 6));
  my $hex = unpack('H*', $value);
  my %seen;
  return grep { !$seen{$_}++ } $value, @base64, map({ url64($_) } @base64), $hex, uc $hex;
}
sub common {
  my $value = shift;
  my @parts = split /[-_.:@]/, $value, -1;
  my $numbers = !grep { !/\A[0-9]+\z/ } @parts;
  return 0 if !$numbers && grep { !/\A(?:[A-Za-z]+|[0-9]{1,2})\z/ } @parts;
  my $longest = $numbers ? $NUMBER : @parts == 1 ? $WORD : $NAME;
  return length($value) <= $longest || $value =~ /[A-Za-z]\.[A-Za-z]{2,24}\z/;
}
sub rest {
  my $value = shift;
  return $value =~ m{\A[A-Za-z][A-Za-z0-9+.-]{0,20}://}s && length($value) - $+[0] >= $ANYWHERE ? substr($value, $+[0]) : $value;
}
sub learn {
  for my $line (split /\r\n|\r|\n/, $_[0]) {
    $line =~ s/\A\s+//; $line =~ s/\s+\z//;
    next if length($line) < $NEVER || $line =~ /\A-----(?:BEGIN|END) [A-Z0-9 ]{1,60}-----\z/ || $known{$line}++;
    my $rest = rest($line);
    my $common = common($rest);
    if (length($line) < $ANYWHERE || $common) {
      next if $strong;
      $words{$_} = common($line) ? 1 : 0 for spelled($line, 0);
      next;
    }
    for my $spelling (spelled($rest, 1)) {
      my $size = length $spelling;
      my $step = ($size < $PIECE ? $size : $PIECE) - $GRAM + 1;
      for (my $at = 0; $at + $GRAM <= $size; $at += $step) { push @{$grams{substr $spelling, $at, $GRAM}}, [$spelling, $at] }
    }
  }
}
my %ESCAPE = (n => "\n", r => "\r");
for my $file (glob("$folder/*.env"), glob("$folder/*.env.new"), glob("$folder/*.undone")) {
  open(my $lines, '<', $file) or next;
  while (<$lines>) {
    chomp;
    my $body = substr($_, index($_, '=') + 1);
    my $quote = substr($body, 0, 1);
    $body = substr($body, 1, -1);
    $body =~ s/\\(.)/$ESCAPE{$1} || $1/ges if $quote eq '"';
    learn($body);
  }
}
my $words = join '|', map { quotemeta } sort { length $b <=> length $a } grep { !$spared{$_} } keys %words;
$words = qr/$words/ if $words ne '';
my $grams = join '|', map { quotemeta } keys %grams;
$grams = qr/$grams/ if $grams ne '';

sub point { my $text = $_[0] <= 0x10ffff ? chr $_[0] : ''; utf8::encode($text); return $text }
sub utf16 {
  my @unit = map { hex } $_[0] =~ /u(....)/g;
  return @unit == 2 ? point(0x10000 + (($unit[0] - 0xd800) << 10) + $unit[1] - 0xdc00) : point($unit[0]);
}
my %DECODE = (
  control => sub { $CONTROLS{$_[0]} }, decimal => sub { point($_[0]) }, entity => sub { $ENTITIES{$_[0]} },
  hex => sub { point(hex $_[0]) }, byte => sub { chr hex $_[0] }, octal => sub { chr oct $_[0] },
  nothing => sub { '' }, quote => sub { "'" }, blank => sub { ' ' }, itself => sub { $_[0] }, utf16 => \&utf16,
);
my @ALL = ('', 0, [map { $_->[1] ? () : @{$_->[2]} } @READINGS], [map { $_->[1] ? () : @{$_->[3]} } @READINGS]);
$_->[4] = join('|', @{$_->[2]}) for @READINGS, \@ALL;
$_->[4] = qr/$_->[4]/ for @READINGS, \@ALL;

# A view: text, runs of [at, from, span, whole token], the view it was read from.
sub read_tokens {
  my ($view, $reading) = @_;
  my ($sign, undef, undef, $kinds, $pattern) = @$reading;
  my ($text, @runs) = ($view->[0]);
  return if index($text, $sign) < 0;
  my ($out, $done) = ('', 0);
  while ($text =~ /$pattern/g) {
    my ($from, $to, $group) = ($-[0], $+[0], 1);
    $group++ until defined $-[$group];
    my $meant = $DECODE{$kinds->[$group - 1]}->(substr($text, $-[$group], $+[$group] - $-[$group]));
    next unless defined $meant;
    push @runs, [length $out, $done, $from - $done, 0] if $from > $done;
    $out .= substr($text, $done, $from - $done);
    push @runs, [length $out, $from, $to - $from, 1] if $meant ne '';
    $out .= $meant;
    $done = $to;
  }
  return unless $done;
  push @runs, [length $out, $done, length($text) - $done, 0] if $done < length $text;
  return [$out . substr($text, $done), \@runs, $view];
}
sub run_at {
  my ($runs, $at) = @_;
  my ($low, $high) = (0, $#$runs);
  while ($low < $high) {
    my $middle = ($low + $high + 1) >> 1;
    if ($runs->[$middle][0] <= $at) { $low = $middle } else { $high = $middle - 1 }
  }
  return $runs->[$low];
}
sub source {
  my ($view, $start, $end) = @_;
  while ($view->[2]) {
    my ($first, $last) = (run_at($view->[1], $start), run_at($view->[1], $end - 1));
    $start = $first->[3] ? $first->[1] : $first->[1] + $start - $first->[0];
    $end = $last->[3] ? $last->[1] + $last->[2] : $last->[1] + $end - $last->[0];
    $view = $view->[2];
  }
  return [$start, $end];
}
sub varied {
  my ($text, %seen) = @_;
  while ($text =~ /(.)/gs) { $seen{$1} = 1; return 1 if keys %seen >= $VARIED }
  return 0;
}
sub joins { my ($near, $beyond) = @_; return $near eq '/' || ($near =~ m{[-.:\@\\]} && $beyond =~ m{[A-Za-z0-9_/\]\x80-\xff]}) }
sub alone {
  my ($text, $start, $end, $common) = @_;
  my $before = $start > 0 ? substr($$text, $start - 1, 1) : '';
  my $behind = substr($$text, $end, 1);
  return 0 if $before =~ /[A-Za-z0-9_\x80-\xff]/ || $behind =~ /[A-Za-z0-9_\x80-\xff]/;
  return $before ne '-' && $behind ne '-' unless $common;
  return !joins($before, $start > 1 ? substr($$text, $start - 2, 1) : '') && !joins($behind, substr($$text, $end + 1, 1));
}
sub common_length {
  my ($one, $other) = @_;
  my $most = length $one < length $other ? length $one : length $other;
  # The most that differs does so early.
  for (my $at = 0; $at < $most; $at += 64) {
    (substr($one, $at, 64) ^ substr($other, $at, 64)) =~ /\A\0*/;
    return $at + $+[0] < $most ? $at + $+[0] : $most if $+[0] < 64;
  }
  return $most;
}
sub find {
  my ($view, $hits) = @_;
  my $text = $view->[0];
  if ($grams ne '') {
    while ($text =~ /$grams/g) {
      my ($at, $next) = ($-[0], $-[0] + 1);
      for (@{$grams{substr $text, $at, $GRAM}}) {
        my ($spelling, $offset) = @$_;
        my $before = $offset < $at ? $offset : $at;
        $before = common_length(scalar reverse(substr $text, $at - $before, $before), scalar reverse(substr $spelling, $offset - $before, $before));
        my $behind = common_length(substr($text, $at, length($spelling) - $offset), substr($spelling, $offset));
        my $size = $before + $behind;
        next if $size < length $spelling && $size < $PIECE;
        push @$hits, source($view, $at - $before, $at + $behind) if $size == length $spelling || varied(substr $text, $at - $before, $size);
        $next = $at + $behind - $GRAM + 1;
        last;
      }
      pos($text) = $next;
    }
  }
  if ($words ne '') {
    while ($text =~ /$words/g) {
      my ($start, $end) = ($-[0], $+[0]);
      if (alone(\$text, $start, $end, $words{substr $text, $start, $end - $start})) { push @$hits, source($view, $start, $end) }
      else { pos($text) = $start + 1 }
    }
  }
}
sub clean {
  my $text = shift;
  my ($view, @hits, @single) = ([$text]);
  find($view, \@hits);
  for my $reading (@READINGS) {
    my $read = read_tokens($view, $reading) or next;
    find($read, \@hits);
    push @single, $read unless $reading->[1];
  }
  my $at = $single[0];
  if (@single > 1) { $at = read_tokens($view, \@ALL); find($at, \@hits) if $at }
  for (2 .. $DEPTH) {
    last unless $at;
    $at = read_tokens($at, \@ALL);
    find($at, \@hits) if $at;
  }
  return $text unless @hits;
  my ($out, $done, $masked) = ('', 0, -1);
  for (sort { $a->[0] <=> $b->[0] } @hits) {
    my ($start, $end) = @$_;
    next if $end <= $done;
    $out .= substr($text, $done, $start - $done) . '[redacted]' if $start > $masked;
    $masked = $done = $end;
  }
  return $out . substr($text, $done);
}
sub put {
  my $text = %known ? clean($_[0]) : $_[0];
  for (my $at = 0; $at < length $text; ) { my $wrote = syswrite(STDOUT, $text, length($text) - $at, $at); exit 1 unless defined $wrote || $!{EINTR}; $at += $wrote }
}
my $held = '';
while (1) {
  my $got = sysread(STDIN, $held, 65536, length $held);
  next if !defined $got && $!{EINTR};
  last unless $got;
  my $cut = rindex($held, "\n") + 1;
  # A line that does not end is cut: a piece of a value is found on either side.
  $cut = length $held if $cut == 0 && length $held >= 1 << 20;
  put(substr($held, 0, $cut, '')) if $cut;
}
put($held);
