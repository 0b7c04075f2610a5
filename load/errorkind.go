package load

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
	"time"

	"github.com/dfcheck/dfcheck/reports"
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

// kind names the error of a reply, by what a reader would look for: refused,
// timeout, http_503, oauth_invalid_grant. There is a bounded number of them,
// whatever a server answers.
func (r *reply) kind() string {
	switch r.outcome {
	case outConnection:
		return cmp.Or(r.cause, "network")
	case out4xx, out5xx:
		return "http_" + strconv.Itoa(r.status)
	case outOAuth:
		if code := spec.ErrorCode([]byte(r.body)); slices.Contains(errorCodes, code) {
			return "oauth_" + code
		}
		return "oauth_unregistered"
	}
	return outcomeNames[r.outcome]
}

// explain says in short what a reply with an error was.
func (r *reply) explain() string {
	if r.problem != "" || r.status == 0 {
		return r.problem
	}
	return fmt.Sprintf("status %d, %s", r.status, cmp.Or(r.contentType, "no content type"))
}

// erred counts an error by its kind, for the run and for its second. The exchange
// of the first is kept.
func (r *record) erred(j *job, example func() string, evidence func(id string) reports.Exchange) {
	kind, at := j.reply.kind(), time.Duration(j.intended).Seconds()
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.errors[kind]
	if e == nil {
		e = &reports.ErrorKind{Kind: kind, FirstSecond: at, Example: example()}
		e.Exchange = r.keep(evidence)
		r.errors[kind] = e
	}
	e.Count++
	e.FirstSecond, e.LastSecond = min(e.FirstSecond, at), max(e.LastSecond, at)
	s := r.timeline.second(int(j.intended / int64(time.Second)))
	if s.ErrorsByKind == nil {
		s.ErrorsByKind = map[string]uint64{}
	}
	s.ErrorsByKind[kind]++
}

// errorKinds lists the errors, the most frequent first.
func (r *record) errorKinds() []reports.ErrorKind {
	out := []reports.ErrorKind{}
	for _, e := range r.errors {
		out = append(out, *e)
	}
	slices.SortFunc(out, func(a, b reports.ErrorKind) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Kind, b.Kind))
	})
	return out
}
