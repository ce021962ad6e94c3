# The Perl that a node runs to make a ticket for root, as its login does; nothing is written, and nothing is left when we are gone.
#
# Loading PVE::AccessControl is nearly all of what that costs, and in the ordinary case all it adds is: that root@pam is there
# once, enabled and without an end, and that the key it signs with is of today and fits the public one. So that is looked at
# here, and PVE::Ticket, which it signs with as well, takes a seventh of the time. Whatever is out of the ordinary is left to
# PVE::AccessControl: it dies where root may not log in, and makes a new key where the old one is due.
# With an argument it is asked at once: for a ticket in place of one that was not taken.
#
# Prints `by=`, `ticket=`, `csrf=`, then where pveproxy listens and which certificates it may show.

use strict;
use warnings;

sub content {
    my ($file) = @_;
    open(my $handle, '<', $file) or die "$file: $!\n";
    local $/;
    return scalar <$handle>;
}

sub ordinary {
    require PVE::Ticket;
    my @root = grep { /^\s*user\s*:\s*root\@pam\s*(?::|$)/ } split(/[\r\n]+/, content('/etc/pve/user.cfg'));
    die "root\@pam is not there as usual\n" if @root != 1 || $root[0] !~ /^user:root\@pam:1:0?:/;
    my $public = content('/etc/pve/authkey.pub');
    my $age = time() - (stat('/etc/pve/authkey.pub'))[9];
    die "the key is not of today\n" if $age < 0 || $age > 23 * 3600;
    my $key = Crypt::OpenSSL::RSA->new_private_key(content('/etc/pve/priv/authkey.key'));
    die "the key does not fit\n" if $key->get_public_key_x509_string() =~ s/\s//gr ne $public =~ s/\s//gr;
    my $secret = Digest::SHA::hmac_sha256_base64(content('/etc/pve/pve-www.key'));
    return (
        'PVE::Ticket',
        PVE::Ticket::assemble_rsa_ticket($key, 'PVE', 'root@pam'),
        PVE::Ticket::assemble_csrf_prevention_token($secret, 'root@pam'),
    );
}

sub thorough {
    require PVE::Cluster;
    require PVE::AccessControl;
    PVE::Cluster::cfs_update();
    PVE::AccessControl::check_user_enabled(PVE::Cluster::cfs_read_file('user.cfg'), 'root@pam');
    return (
        'PVE::AccessControl',
        PVE::AccessControl::assemble_ticket('root@pam'),
        PVE::AccessControl::assemble_csrf_prevention_token('root@pam'),
    );
}

my ($by, $ticket, $csrf) = @ARGV ? () : eval { ordinary() };
($by, $ticket, $csrf) = thorough() if !defined($csrf);
print "by=$by\nticket=$ticket\ncsrf=$csrf\n";
for my $file ('/etc/default/pveproxy', '/etc/pve/local/pveproxy-ssl.pem', '/etc/pve/local/pve-ssl.pem') {
    print eval { content($file) } // '', "\n";
}
