package load

import (
	"net"
	"net/netip"
	"runtime"
	"testing"
)

// TestSources: connections are made from each of the addresses in turn.
func TestSources(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("other systems have no addresses of 127.0.0.0/8 but the first")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	target := Target{Sources: []netip.Addr{netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3")}}
	dial, seen := target.dialing(), map[string]int{}
	for range 4 {
		mine, err := dial(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer mine.Close()
		theirs, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer theirs.Close()
		seen[theirs.RemoteAddr().(*net.TCPAddr).IP.String()]++
	}
	if seen["127.0.0.2"] != 2 || seen["127.0.0.3"] != 2 {
		t.Errorf("%v", seen)
	}
}
