# Docker's engine asked through its socket. Perl, because every Debian has it, and it starts in a fourth of the time that curl takes for its
# libraries. Standing in a shell's quotes it has none of its own. What includes it sets $socket, and $seconds that an answer may take.

use strict;
my ($socket, $seconds);
$SIG{ALRM} = sub { exit 28 };

# Hands the answer to METHOD PATH [JSON] on in pieces, with its status, and gives that: ask(CALL, SUB)
sub ask {
  my ($call, $take) = @_;
  my ($method, $path, $json) = split / /, $call, 3;
  my $engine;
  alarm $seconds;
  # A stream to a path, by the numbers that Linux has for both.
  socket($engine, 1, 1, 0) && connect($engine, pack("S a*", 1, $socket)) or exit 7;
  my $head = "$method $path HTTP/1.0\r\nHost: docker\r\n";
  $head .= "Content-Type: application/json\r\nContent-Length: " . length($json) . "\r\n" if defined $json;
  $json = "" unless defined $json;
  defined syswrite($engine, "$head\r\n$json") or exit 1;
  my $piece = "";
  until ($piece =~ /\r\n\r\n/) { sysread($engine, $piece, 65536, length $piece) or exit 1 }
  $piece =~ s/\A\S+ ([0-9]+).*?\r\n\r\n//s or exit 1;
  my ($status, $more) = ($1, 1);
  while ($more) {
    $take->($piece, $status) if $piece ne "";
    $more = sysread($engine, $piece, 65536);
    defined $more or exit 1;
  }
  return $status;
}

# Whether a JSON answer is whole, of which its end is given: over HTTP/1.0 nothing else tells.
sub whole { $_[0] =~ /\n\z/ }
