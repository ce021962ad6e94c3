package PVE::AccessControl;

# Of a node's own Perl: the functions that judge a login and make what it gives, the latter asked of the lab's daemon, which will judge it.

use strict;
use warnings;

use IO::Socket::UNIX;
use PVE::Cluster;

my $control = '/run/zebu-lab/state/control.sock';

# Loading all of it is what takes its time on a real node.
my $start = $ENV{ZEBU_LAB_ACCESS_START} // 0;
select(undef, undef, undef, $start / 1000) if $start > 0;

sub ask {
    my ($what, $user) = @_;
    die "cluster file system was not read\n" if !$PVE::Cluster::updated;
    my $socket = IO::Socket::UNIX->new(Peer => $control) or die "the node's daemon does not answer: $!\n";
    my $path = "/lab/$what?user=" . $user =~ s/([^A-Za-z0-9.])/sprintf('%%%02X', ord($1))/ger;
    print $socket "GET $path HTTP/1.0\r\n\r\n";
    local $/;
    my (undef, $body) = split(/\r\n\r\n/, <$socket>, 2);
    return $body;
}

sub assemble_ticket {
    my ($data) = @_;
    return ask('ticket', $data);
}

sub assemble_csrf_prevention_token {
    my ($username) = @_;
    return ask('csrf', $username);
}

sub check_user_enabled {
    my ($usercfg, $user) = @_;
    my $data = $usercfg->{users}->{$user};
    die "user '$user' is disabled\n" if $data && !$data->{enable};
    return 1;
}

1;
