# shellcheck shell=sh
# Takes the certificate of the front proxy with its key: its owner's alone, also for the proxy, which is root in its container.

( umask 022; mkdir -p shared/proxy/config )
mkdir -p shared/proxy/config/tls
take_part "shared/proxy/config/tls/$certificate.new" "$certificate_size"
mv "shared/proxy/config/tls/$certificate.new" "shared/proxy/config/tls/$certificate.pem"
