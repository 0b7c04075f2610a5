package conformance

import (
	"maps"
	"net"
	"slices"
	"strings"
)

// isLoopback reports whether a host name is this machine's own.
func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// isPrivate reports whether a host is an address that the public cannot reach.
func isPrivate(host string) bool {
	ip := net.ParseIP(host)
	return isLoopback(host) || ip != nil && (ip.IsPrivate() || ip.IsLinkLocalUnicast())
}

func sortedNames(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
