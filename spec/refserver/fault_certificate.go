package refserver

import "crypto/tls"

// certifying is a server that asks for client certificates.
func certifying(f Fault) Fault {
	f.Contract, f.TLS = "rfc8628", true
	more := f.Configure
	f.Configure = func(c *Config) {
		c.MutualTLS, c.OpenID = true, true
		if more != nil {
			more(c)
		}
	}
	return f
}

// certificateVariants are right in another way of those that RFC 8705 leaves open.
var certificateVariants = []Fault{
	certifying(Fault{Name: "certificate-in-handshake",
		Doc:       "Clients with a certificate have a host to themselves, where any other is refused in the handshake.",
		Configure: func(c *Config) { c.Aliases = true },
		Break:     func(b *behaviour) { b.asks = tls.RequireAndVerifyClientCert }}),
}
