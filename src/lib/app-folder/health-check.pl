# A container's health check, and what asks it by the same command in the same container.
#
# Usage: perl -e PROGRAM SOCKET SECONDS check ID. Prints the seconds that it may take; the milliseconds from one to the next, the same while the
# container starts (0 where it is no other time) and how long that is; and the command as JSON. Nothing where there is none, and where a shell
# that the image has chosen would run it.
#    or: ... ask ID COMMAND. Runs it once. Succeeds when it ends with 0, and fails with 2 when it is not worth asking again.

# include ./engine.pl
# include ./json.pl
($socket, my ($allowed, $what, $id, $command)) = @ARGV;
$seconds = 10;

sub ms { my ($nanoseconds, $else) = @_; return ($nanoseconds || 0) > 0 ? $nanoseconds / 1e6 : $else }
sub list { "[" . join(",", map { "\"$_\"" } @_) . "]" }

if ($what eq "check") {
  my $config = (answer("/containers/$id/json") || exit 1)->{Config};
  my $check = $config->{Healthcheck} || {};
  my ($kind, @test) = @{$check->{Test} || []};
  exit 0 if !@test || ($kind ne "CMD" && ($kind ne "CMD-SHELL" || $config->{Shell}));
  @test = ("/bin/sh", "-c", $test[0]) if $kind eq "CMD-SHELL";
  # As the engine takes what is not set. One that knows no other interval while a container starts does not say it.
  my $start = $check->{StartInterval} ? ms($check->{StartPeriod}, 0) : 0;
  printf "%d %d %d %d %s\n", int(ms($check->{Timeout}, 30000) / 1000) || 1, ms($check->{Interval}, 30000),
    $start ? ms($check->{StartInterval}, 0) : 0, $start, list(@test);
  exit 0;
}

my ($said, $started) = ("", 0);
# One that hangs is not started a second time.
END { $? = $started ? 2 : 1 if $? && $? != 2 }
sub call { my ($call) = @_; $said = ""; return ask($call, sub { $said .= $_[0] }) }
call("POST /containers/$id/exec {\"Cmd\":$command,\"AttachStdout\":true,\"AttachStderr\":true}");
exit 2 if $said =~ /No such container|is not running/;
$said =~ /"Id":"([0-9a-f]+)"/ or exit 1;
my $exec = $1;
($started, $seconds) = (1, $allowed);
ask("POST /exec/$exec/start {\"Detach\":false,\"Tty\":false}", sub {}) < 400 or exit 2;
($started, $seconds) = (0, 10);
call("GET /exec/$exec/json");
exit($said !~ /"Running":true/ && $said =~ /"ExitCode":0,/ ? 0 : 1);
