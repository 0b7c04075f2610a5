package wire

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"syscall"

	"github.com/dfcheck/dfcheck/spec"
)

// handshakeError is that of a TLS handshake, whatever broke it.
type handshakeError struct{ error }

func (e handshakeError) Unwrap() error { return e.error }

// connectionError is the kind of an error of the network.
func connectionError(err error) string {
	_, handshake := errors.AsType[handshakeError](err)
	_, alert := errors.AsType[tls.AlertError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, name := errors.AsType[*net.DNSError](err)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case handshake || alert || record || certificate:
		return "tls"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return "closed"
	case name:
		return "dns"
	}
	return "network"
}

// Kind names the error of a reply, by what a reader would look for: refused,
// timeout, http_503, oauth_invalid_grant. There is a bounded number of them,
// whatever a server answers.
func (r *Reply) Kind() string {
	switch r.Outcome {
	case ConnectionFailed:
		return cmp.Or(r.cause, "network")
	case HTTP4xx, HTTP5xx:
		return "http_" + strconv.Itoa(r.Status)
	case OAuthError:
		if code := spec.ErrorCode([]byte(r.Body)); slices.Contains(errorCodes, code) {
			return "oauth_" + code
		}
		return "oauth_unregistered"
	}
	return r.Outcome.String()
}

// Explain says in short what a reply with an error was.
func (r *Reply) Explain() string {
	if r.Problem != "" || r.Status == 0 {
		return r.Problem
	}
	return fmt.Sprintf("status %d, %s", r.Status, cmp.Or(r.ContentType, "no content type"))
}
