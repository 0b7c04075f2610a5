package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A watched is what a run lets others look at over HTTP while it goes on.
type watched struct {
	url    string // where it is
	server *http.Server
}

// watchAt serves a handler at the address that a flag names: a port of this machine
// alone, or HOST:PORT. Only requests for that host are answered, so that no web page
// can have a browser read what is served under a name of its own (DNS rebinding).
func watchAt(flag, address string, handler http.Handler) (*watched, error) {
	if err := checkAddress(flag, address); err != nil {
		return nil, err
	}
	host, port, _ := splitAddress(address)
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", flag, err)
	}
	at := l.Addr().(*net.TCPAddr)
	if at.IP.IsUnspecified() { // by a name
		return nil, errors.Join(everywhere(flag, address), l.Close())
	}
	names := []string{host, at.IP.String()}
	if at.IP.IsLoopback() {
		names = append(names, "localhost", "127.0.0.1", "::1")
	}
	w := &watched{url: "http://" + net.JoinHostPort(host, strconv.Itoa(at.Port)) + "/"}
	w.server = &http.Server{Handler: onlyFor(names, at.Port, handler), ReadHeaderTimeout: 5 * time.Second,
		MaxHeaderBytes: 16 << 10}
	go w.server.Serve(l) // until close
	return w, nil
}

// checkAddress returns an error for what watchAt does not serve at.
func checkAddress(flag, address string) error {
	if address == "" {
		return nil
	}
	host, _, err := splitAddress(address)
	if err != nil {
		return fmt.Errorf("--%s is %q; it takes a port of this machine, such as 9628, or HOST:PORT", flag, address)
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		return everywhere(flag, address)
	}
	return nil
}

// checkLoopback returns an error for an address that others than this machine reach.
func checkLoopback(flag, address string) error {
	if err := checkAddress(flag, address); err != nil || address == "" {
		return err
	}
	host, _, _ := splitAddress(address)
	if !thisMachine(host) {
		return fmt.Errorf("--%s is %q; it is served to this machine alone: give a port, such as 8629", flag, address)
	}
	return nil
}

// thisMachine reports whether a host is reached without leaving this machine.
func thisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func everywhere(flag, address string) error {
	return fmt.Errorf("--%s is %q, which is every address of this machine; name the one that it is to be reached at, "+
		"such as 127.0.0.1:8629", flag, address)
}

func (w *watched) close() { w.server.Close() }

// splitAddress reads an address. One without a host is of this machine alone.
func splitAddress(address string) (host, port string, err error) {
	if !strings.Contains(address, ":") {
		address = ":" + address
	}
	if host, port, err = net.SplitHostPort(address); err != nil {
		return "", "", err
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", "", err
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return host, port, nil
}

// onlyFor answers requests that name one of some hosts.
func onlyFor(names []string, port int, handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, at, err := net.SplitHostPort(r.Host)
		if err != nil {
			host, at = strings.Trim(r.Host, "[]"), "80"
		}
		ours := slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, host) })
		if !ours || at != strconv.Itoa(port) {
			http.Error(w, "dfcheck serves this at "+net.JoinHostPort(names[0], strconv.Itoa(port))+" alone",
				http.StatusMisdirectedRequest)
			return
		}
		handler.ServeHTTP(w, r)
	})
}
