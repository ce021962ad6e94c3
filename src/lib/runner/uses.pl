# What all containers use, as the format of in-use.sh has Docker's client print it, in a fifth of its time.
#
# Usage: perl -e PROGRAM SOCKET SECONDS PROJECT. A line each, of whatever is mounted and labelled, as it stands in JSON; in front of it, for those of
# the project, a line that begins with "own": service, digest, image, 0 for what has ended, ports, with bars between (RECORD_FORMAT of drift.ts). At the
# end one of all volumes, or "unknown": a driver that does not answer keeps nobody from the rest.

# include ../app-folder/engine.pl
# include ../app-folder/json.pl
($socket, $seconds, my $project) = @ARGV;

# As the client shows them: those in a row as one, and what has another number on the machine by itself.
sub ports {
  my (%first, %last, @keys, @rows, @mapped);
  my $said = sub {
    my ($address, $kind) = $_[0] =~ /\A(?:(.*)\/)?(.*)\z/;
    my ($first, $last) = ($first{$_[0]}, $last{$_[0]});
    my $row = $first == $last ? $first : "$first-$last";
    return (defined $address ? "$address:$row->$row" : $row) . "/$kind";
  };
  my @ports = map { [$_->{PrivatePort} || 0, defined $_->{IP} ? $_->{IP} : "", $_->{PublicPort} || 0, $_->{Type}] } @_;
  for (sort { $a->[0] <=> $b->[0] || $a->[1] cmp $b->[1] || $a->[2] <=> $b->[2] || $a->[3] cmp $b->[3] } @ports) {
    my ($port, $address, $public, $kind) = @$_;
    $address = "[$address]" if $address =~ /:/;
    if ($address ne "" && $public ne $port) { push @mapped, "$address:$public->$port/$kind"; next }
    my $key = $address eq "" ? $kind : "$address/$kind";
    if (!defined $first{$key}) { push @keys, $key }
    elsif ($port == $last{$key} + 1) { $last{$key} = $port; next }
    else { push @rows, $said->($key) }
    $first{$key} = $last{$key} = $port;
  }
  return join(", ", @rows, (map { $said->($_) } @keys), @mapped);
}

for my $container (@{answer("/containers/json?all=1") || exit 22}) {
  my $labels = $container->{Labels} || {};
  my $label = sub { my $value = $labels->{"com.docker.compose.$_[0]"}; return defined $value ? $value : "" };
  print join("|", "own\t" . $label->("service"), $label->("config-hash"), $label->("image"), $container->{State} eq "exited" ? 0 : 1, ports(@{$container->{Ports} || []})), "\n"
    if $label->("project") eq $project && $label->("oneoff") eq "False";
  print join("\t", "uses", (map { ($_->{Source}, $_->{Destination}) } @{$container->{Mounts} || []}), %$labels), "\n";
}

$SIG{ALRM} = sub { print "unknown\n"; exit 0 };
my $volumes = "";
my $status = ask("GET /volumes", sub { $volumes .= $_[0] });
print $status == 200 && whole($volumes) ? "volumes\t$volumes" : "unknown\n";
close STDOUT or exit 1;
