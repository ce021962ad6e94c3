# A container's health check, and what asks it by the same command in the same container.
#
# Usage: perl -e PROGRAM SOCKET SECONDS check ID. Prints what check-of.pl says of it.
#    or: ... ask ID COMMAND. Runs it once. Succeeds when it ends with 0, and fails with 2 when it is not worth asking again.

# include ./engine.pl
# include ./json.pl
# include ./check-of.pl
($socket, my ($allowed, $what, $id, $command)) = @ARGV;
$seconds = 10;

if ($what eq "check") {
  print check_of(answer("/containers/$id/json") || exit 1);
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
