# JSON, as the engine says it. Texts stay as they stand there: none of those that are asked for has a backslash, or it is handed back to the
# engine. After engine.pl.

# The value of JSON at the place in $_.
sub value {
  /\G\s+/gc;
  return $1 if /\G"((?:[^"\\]++|\\.)*+)"/gcs;
  return $1 eq "null" ? undef : $1 if /\G(null|true|false|-?[0-9][0-9.eE+-]*)/gc;
  my (@list, %members);
  if (/\G\[/gc) {
    until (/\G\s*\]/gc) { push @list, value(); /\G\s*,/gc }
    return \@list;
  }
  /\G\{/gc or exit 1;
  until (/\G\s*\}/gc) {
    my $name = value();
    /\G\s*:/gc or exit 1;
    $members{$name} = value();
    /\G\s*,/gc;
  }
  return \%members;
}

# What a path says; nothing for what is not there.
sub answer {
  my ($path) = @_;
  my $text = "";
  my $status = ask("GET $path", sub { $text .= $_[0] });
  return undef if $status == 404;
  exit 22 if $status != 200;
  exit 18 if !whole($text);
  local $_ = $text;
  return value();
}
