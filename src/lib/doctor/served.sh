# shellcheck shell=sh
# Prints the certificate that the front proxy shows for $name on $port, as PEM; nothing where nobody answers, and `no-openssl` where it
# cannot be asked for.

command -v openssl >/dev/null || { echo no-openssl; exit 0; }
timeout 10 openssl s_client -connect "127.0.0.1:$port" -servername "$name" </dev/null 2>/dev/null |
  sed -n '/-----BEGIN CERTIFICATE-----/,/-----END CERTIFICATE-----/p'
