# What a container is checked with, as the engine says of it. After json.pl.

sub ms { my ($nanoseconds, $else) = @_; return ($nanoseconds || 0) > 0 ? $nanoseconds / 1e6 : $else }
sub list { "[" . join(",", map { "\"$_\"" } @_) . "]" }

# The seconds that it may take; the milliseconds from one to the next, the same while the container starts (0 where it is no other time)
# and how long that is; and the command as JSON. Nothing where there is none, and where a shell that the image has chosen would run it.
sub check_of {
  my ($container) = @_;
  my $config = $container->{Config};
  my $check = $config->{Healthcheck} || {};
  my ($kind, @test) = @{$check->{Test} || []};
  return "" if !@test || ($kind ne "CMD" && ($kind ne "CMD-SHELL" || $config->{Shell}));
  @test = ("/bin/sh", "-c", $test[0]) if $kind eq "CMD-SHELL";
  # As the engine takes what is not set. One that knows no other interval while a container starts does not say it.
  my $start = $check->{StartInterval} ? ms($check->{StartPeriod}, 0) : 0;
  return sprintf("%d %d %d %d %s\n", int(ms($check->{Timeout}, 30000) / 1000) || 1, ms($check->{Interval}, 30000),
    $start ? ms($check->{StartInterval}, 0) : 0, $start, list(@test));
}
