package PVE::Ticket;

# Of a node's own Perl: how tickets look, by keys that are handed in.

use strict;
use warnings;

use Crypt::OpenSSL::RSA;
use Digest::SHA;
use MIME::Base64;

sub assemble_rsa_ticket {
    my ($rsa_priv, $prefix, $data) = @_;
    my $plain = sprintf('%s:%s:%08X', $prefix, $data, time());
    return "${plain}::" . encode_base64($rsa_priv->sign($plain), '');
}

sub assemble_csrf_prevention_token {
    my ($secret, $username) = @_;
    my $timestamp = sprintf('%08X', time());
    return "$timestamp:" . Digest::SHA::hmac_sha256_base64("$timestamp:$username", $secret);
}

1;
