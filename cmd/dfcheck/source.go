package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/spf13/pflag"
)

// addSources adds the flag for the addresses that a crowd comes from.
func (f *loadFlags) addSources(fs *pflag.FlagSet) {
	fs.StringArrayVar(&f.sources, "source", nil,
		"`ADDRESS` of this machine that connections are made from, in turn with others; repeatable")
}

// addForwarded adds the flag for the addresses that devices say they come from.
func (f *loadFlags) addForwarded(fs *pflag.FlagSet) {
	fs.StringVar(&f.forwarded, "forwarded-for", "",
		"let each device say in X-Forwarded-For that it comes from another address of `RANGE`, such as 198.18.0.0/16; "+
			"only for a server that trusts this machine as its proxy")
}

// forwardedRange reads a range of addresses; none is none.
func forwardedRange(text string) error {
	if _, err := netip.ParsePrefix(text); text != "" && err != nil {
		return fmt.Errorf("--forwarded-for %q is not a range of addresses, such as 198.18.0.0/16", text)
	}
	return nil
}

// sourceAddresses reads addresses of this machine.
func sourceAddresses(texts []string) (out []netip.Addr, err error) {
	for _, text := range texts {
		a, aerr := sourceAddress(text)
		out, err = append(out, a), errors.Join(err, aerr)
	}
	return out, err
}

// sourceAddress reads an address of this machine; none is none.
func sourceAddress(text string) (netip.Addr, error) {
	if text == "" {
		return netip.Addr{}, nil
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return a, fmt.Errorf("--source %q is not an IP address", text)
	}
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: a.AsSlice(), Zone: a.Zone()})
	if err != nil {
		return a, fmt.Errorf("--source %s is no address of this machine", a)
	}
	return a, l.Close()
}
