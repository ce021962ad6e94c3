package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/libdns/libdns"
	"github.com/miekg/dns"

	_ "github.com/caddyserver/caddy/v2/modules/standard"
)

// Provider writes into a zone by dynamic updates that are signed with a key.
type Provider struct {
	Server string `json:"server,omitempty"`
	Key    string `json:"key,omitempty"`
}

func init() { caddy.RegisterModule(Provider{}) }

// CaddyModule is its name.
func (Provider) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "dns.providers.labdns", New: func() caddy.Module { return new(Provider) }}
}

// Provision looks up what stands for the values.
func (p *Provider) Provision(caddy.Context) error {
	replacer := caddy.NewReplacer()
	p.Server = replacer.ReplaceAll(p.Server, "")
	p.Key = replacer.ReplaceAll(p.Key, "")
	return nil
}

// UnmarshalCaddyfile reads `labdns { server ADDRESS; key KEY }`.
func (p *Provider) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	for d.Next() {
		for d.NextBlock(0) {
			name := d.Val()
			var value string
			if !d.AllArgs(&value) {
				return d.ArgErr()
			}
			switch name {
			case "server":
				p.Server = value
			case "key":
				p.Key = value
			default:
				return d.Errf("unknown option %s", name)
			}
		}
	}
	return nil
}

func (p *Provider) update(zone string, records []libdns.Record, remove bool) ([]libdns.Record, error) {
	message := new(dns.Msg)
	message.SetUpdate(dns.Fqdn(zone))
	for _, record := range records {
		name := libdns.AbsoluteName(record.Name, dns.Fqdn(zone))
		rr, err := dns.NewRR(fmt.Sprintf("%s 1 IN %s %q", dns.Fqdn(name), record.Type, strings.Trim(record.Value, `"`)))
		if err != nil {
			return nil, err
		}
		if remove {
			message.Remove([]dns.RR{rr})
		} else {
			message.Insert([]dns.RR{rr})
		}
	}
	message.SetTsig("lab.", dns.HmacSHA256, 300, time.Now().Unix())
	client := &dns.Client{TsigSecret: map[string]string{"lab.": p.Key}}
	answer, _, err := client.Exchange(message, p.Server)
	if err != nil {
		return nil, err
	}
	if answer.Rcode != dns.RcodeSuccess {
		return nil, fmt.Errorf("the server for %s says %s", zone, dns.RcodeToString[answer.Rcode])
	}
	return records, nil
}

// AppendRecords adds.
func (p *Provider) AppendRecords(_ context.Context, zone string, records []libdns.Record) ([]libdns.Record, error) {
	return p.update(zone, records, false)
}

// DeleteRecords removes.
func (p *Provider) DeleteRecords(_ context.Context, zone string, records []libdns.Record) ([]libdns.Record, error) {
	return p.update(zone, records, true)
}

func main() { caddycmd.Main() }
