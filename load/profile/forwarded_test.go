package profile

import (
	"strings"
	"testing"
)

// TestForwardedFor: each device has an address of the range, which begins again at its end.
func TestForwardedFor(t *testing.T) {
	for _, c := range []struct {
		of     string
		device int32
		want   string
	}{
		{"198.18.0.0/16", 0, "198.18.0.1"}, {"198.18.0.0/16", 254, "198.18.0.255"}, {"198.18.0.0/16", 255, "198.18.1.0"},
		{"198.18.0.0/16", 65533, "198.18.255.254"}, {"198.18.0.0/16", 65534, "198.18.0.1"},
		{"198.18.7.7/16", 1, "198.18.0.2"}, {"203.0.113.9/32", 5, "203.0.113.9"}, {"203.0.113.8/31", 1, "203.0.113.9"},
		{"2001:db8::/64", 65536, "2001:db8::1:1"}, {"2001:db8::/64", 4_999_999, "2001:db8::4c:4b40"},
		{"0.0.0.0/0", 4_999_999, "0.76.75.64"},
	} {
		p := (&Profile{Connections: Connections{ForwardedRange: c.of}}).WithDefaults()
		if err := p.Check(); err != nil {
			t.Fatal(err)
		}
		if got := p.Connections.ForwardedFor()(c.device).String(); got != c.want {
			t.Errorf("device %d of %s comes from %s, want %s", c.device, c.of, got, c.want)
		}
	}
	if (&Profile{}).WithDefaults().Connections.ForwardedFor() != nil {
		t.Error("a profile without a range says where devices come from")
	}
	for text, want := range map[string]string{
		"forwarded_for: everywhere":                                  `forwarded_for is "everywhere"; it must be a range`,
		"forwarded_for: 198.18.0.1":                                  `it must be a range of addresses`,
		"forwarded_field: Forwarded":                                 "without forwarded_for nothing is sent in it",
		"forwarded_for: 198.18.0.0/16\n  forwarded_field: X-Real-IP": "it must be X-Forwarded-For or Forwarded",
	} {
		_, err := Parse([]byte("connections:\n  "+text), "p.yaml")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
