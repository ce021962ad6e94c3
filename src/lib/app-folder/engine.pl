# Docker's engine asked through its socket. Perl, because every Debian has it, and it starts in a fourth of the time that curl takes for its
# libraries. Standing in a shell's quotes it has none of its own.
#
# Usage: perl -e PROGRAM SOCKET SECONDS [CALL...]. A call is METHOD PATH [JSON]; without any each line of standard input is one. The answers go to
# standard output. Fails for one that is not given within so many seconds; of those that are named also for what the engine refuses, of
# which nothing is printed, and for what it was cut off in.

use strict;
my ($socket, $seconds, @calls) = @ARGV;
my $named = @calls;
my $said;
$SIG{ALRM} = sub { exit 28 };

sub ask {
  my ($method, $path, $json) = split / /, $_[0], 3;
  alarm $seconds;
  my $engine;
  # A stream to a path, by the numbers that Linux has for both.
  socket($engine, 1, 1, 0) && connect($engine, pack("S a*", 1, $socket)) or exit 7;
  my $head = "$method $path HTTP/1.0\r\nHost: docker\r\n";
  $head .= "Content-Type: application/json\r\nContent-Length: " . length($json) . "\r\n" if defined $json;
  $json = "" unless defined $json;
  defined syswrite($engine, "$head\r\n$json") or exit 1;
  my $answer = "";
  until ($answer =~ /\r\n\r\n/) { sysread($engine, $answer, 65536, length $answer) or exit 1 }
  $answer =~ s/\A\S+ ([0-9]+).*?\r\n\r\n//s or exit 1;
  exit 22 if $named && $1 >= 400;
  my $more = 1;
  while ($more) {
    if ($answer ne "") { $said = $answer; defined syswrite(STDOUT, $answer) or exit 1 }
    $more = sysread($engine, $answer, 65536);
    defined $more or exit 1;
  }
}

if ($named) { ask($_) for @calls }
else { while (my $call = <STDIN>) { chomp $call; ask($call) } }
# As the engine ends what is whole: over HTTP/1.0 nothing else tells.
exit 18 if $named && defined $said && $said !~ /\n\z/;
