package profile

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// Header fields by which a proxy says whom it forwards for.
const (
	XForwardedFor = "X-Forwarded-For"
	Forwarded     = "Forwarded" // RFC 7239
)

// ForwardedFor returns the address that a device says it comes from, by its number in the
// crowd; nil where devices say nothing of it. Numbers beyond the range begin it again.
func (c *Connections) ForwardedFor() func(device int32) netip.Addr {
	p, err := netip.ParsePrefix(c.ForwardedRange)
	if err != nil {
		return nil
	}
	first := p.Masked().Addr()
	// More than there are devices is as good as that.
	room := uint64(1) << min(p.Addr().BitLen()-p.Bits(), 32)
	if room > 2 { // the first is the network's and the last, of IPv4, everybody's
		first, room = first.Next(), room-2
	}
	return func(device int32) netip.Addr { return plus(first, uint64(device)%room) }
}

// plus is the address n after a, of a range that has as many.
func plus(a netip.Addr, n uint64) netip.Addr {
	raw := a.As16()
	low := raw[8:]
	binary.BigEndian.PutUint64(low, binary.BigEndian.Uint64(low)+n)
	if out := netip.AddrFrom16(raw); !a.Is4() {
		return out
	}
	return netip.AddrFrom16(raw).Unmap()
}

func (c *Connections) checkForwarded() error {
	if c.ForwardedRange == "" {
		if c.ForwardedField != "" {
			return fmt.Errorf("connections.forwarded_field is %q, and without forwarded_for nothing is sent in it",
				c.ForwardedField)
		}
		return nil
	}
	if p, err := netip.ParsePrefix(c.ForwardedRange); err != nil || p.Addr().Is4In6() {
		return fmt.Errorf("connections.forwarded_for is %q; it must be a range of addresses such as 198.18.0.0/16",
			c.ForwardedRange)
	}
	if c.ForwardedField != XForwardedFor && c.ForwardedField != Forwarded {
		return fmt.Errorf("connections.forwarded_field is %q; it must be %s or %s", c.ForwardedField, XForwardedFor,
			Forwarded)
	}
	return nil
}
