package wire

import (
	"net/netip"
	"testing"
)

// TestForwarded: each field has its form, and a request for nobody has none.
func TestForwarded(t *testing.T) {
	for _, c := range []struct{ field, address, want string }{
		{"X-Forwarded-For", "198.18.0.7", "X-Forwarded-For: 198.18.0.7\r\n"},
		{"X-Forwarded-For", "2001:db8::7", "X-Forwarded-For: 2001:db8::7\r\n"},
		{RFC7239, "198.18.0.7", "Forwarded: for=198.18.0.7\r\n"},
		{RFC7239, "2001:db8::7", "Forwarded: for=\"[2001:db8::7]\"\r\n"},
		{"", "198.18.0.7", ""},
	} {
		if got := string(Forwarded{c.field, netip.MustParseAddr(c.address)}.line(nil)); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
