// A server for one zone: labdns ADDRESS ZONE KEY HOST. Answers HOST for every name of it, and TXT as it was told by signed updates.
package main

import (
	"fmt"
	"net"
	"os"
	"strings"
	"sync"

	"github.com/miekg/dns"
)

func main() {
	address, zone, key, host := os.Args[1], dns.Fqdn(os.Args[2]), os.Args[3], net.ParseIP(os.Args[4])
	var lock sync.Mutex
	texts := map[string][]string{}
	soa, _ := dns.NewRR(zone + " 1 IN SOA ns." + zone + " root." + zone + " 1 60 60 60 1")
	handle := func(w dns.ResponseWriter, asked *dns.Msg) {
		lock.Lock()
		defer lock.Unlock()
		answer := new(dns.Msg)
		answer.SetReply(asked)
		answer.Authoritative = true
		if asked.Opcode == dns.OpcodeUpdate {
			if asked.IsTsig() == nil || w.TsigStatus() != nil {
				answer.Rcode = dns.RcodeNotAuth
				fmt.Println("refused")
			} else {
				for _, rr := range asked.Ns {
					name := strings.ToLower(rr.Header().Name)
					if text, ok := rr.(*dns.TXT); ok && rr.Header().Class == dns.ClassINET {
						texts[name] = append(texts[name], strings.Join(text.Txt, ""))
						fmt.Println("added", name)
					} else {
						delete(texts, name)
						fmt.Println("removed", name)
					}
				}
				answer.SetTsig("lab.", dns.HmacSHA256, 300, int64(asked.IsTsig().TimeSigned))
			}
			_ = w.WriteMsg(answer)
			return
		}
		question := asked.Question[0]
		name := strings.ToLower(question.Name)
		header := dns.RR_Header{Name: question.Name, Class: dns.ClassINET, Ttl: 1, Rrtype: question.Qtype}
		switch {
		case !dns.IsSubDomain(zone, name):
			answer.Rcode = dns.RcodeRefused
		case question.Qtype == dns.TypeTXT:
			for _, text := range texts[name] {
				answer.Answer = append(answer.Answer, &dns.TXT{Hdr: header, Txt: []string{text}})
			}
		case question.Qtype == dns.TypeA:
			answer.Answer = append(answer.Answer, &dns.A{Hdr: header, A: host})
		case question.Qtype == dns.TypeSOA && name == zone:
			answer.Answer = append(answer.Answer, soa)
		case question.Qtype == dns.TypeNS && name == zone:
			answer.Answer = append(answer.Answer, &dns.NS{Hdr: header, Ns: "ns." + zone})
		}
		if len(answer.Answer) == 0 {
			answer.Ns = []dns.RR{soa}
		}
		_ = w.WriteMsg(answer)
	}
	for _, network := range []string{"udp", "tcp"} {
		server := &dns.Server{Addr: address, Net: network, Handler: dns.HandlerFunc(handle), TsigSecret: map[string]string{"lab.": key}}
		// By itself it takes no updates.
		server.MsgAcceptFunc = func(dns.Header) dns.MsgAcceptAction { return dns.MsgAccept }
		go func() {
			fmt.Println(server.ListenAndServe())
			os.Exit(1)
		}()
	}
	select {}
}
