#!/bin/busybox sh
answer=$(busybox wget -q -O - http://api:8080/cgi-bin/visits) || answer=
visits=$(echo "$answer" | busybox sed -n 's/.*"visits":\([0-9]*\).*/\1/p')
version=$(busybox cat /www/version)
if [ -z "$visits" ]; then
  printf 'Status: 502 Bad Gateway\r\nContent-Type: text/html\r\n\r\n<p>The shop is closed: the api does not answer.</p>\n'
  exit 0
fi
printf 'Content-Type: text/html\r\n\r\n<!doctype html>\n<title>Shop</title>\n<h1>The shop, %s</h1>\n<p>You are visitor %s.</p>\n' "$version" "$visits"
