package wire

import "net/netip"

// Forwarded says whom a request is made for, as a proxy does. The zero value says nothing.
type Forwarded struct {
	Field string // X-Forwarded-For, or Forwarded (RFC 7239)
	For   netip.Addr
}

// RFC7239 is the field by which proxies say it in the standard's words.
const RFC7239 = "Forwarded"

// value appends the field's value.
func (f Forwarded) value(dst []byte) []byte {
	switch {
	case f.Field != RFC7239:
		return f.For.AppendTo(dst)
	case f.For.Is4():
		return f.For.AppendTo(append(dst, "for="...))
	}
	return append(f.For.AppendTo(append(dst, `for="[`...)), `]"`...)
}

// line appends the field's line.
func (f Forwarded) line(dst []byte) []byte {
	if f.Field == "" {
		return dst
	}
	dst = append(append(dst, f.Field...), ": "...)
	return append(f.value(dst), "\r\n"...)
}
