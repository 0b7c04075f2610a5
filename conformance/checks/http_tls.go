package checks

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
)

// silence is how long port 80 may stay silent before it counts as closed.
const silence = 4 * time.Second

// plainHTTP sends a start with nothing of value in it to port 80.
var plainHTTP = &Scenario{
	Name: "plain http", Lane: LaneApprove, Needs: []Capability{NeedPublicTLS},
	Cost: func(Timing) Cost { return Cost{Requests: 1, Wait: silence} },
	Run: func(ctx context.Context, s *ScenarioRun) {
		u, err := url.Parse(s.Target().StartURL)
		if err != nil || IsPrivate(u.Hostname()) {
			return
		}
		u.Scheme, u.Host = "http", u.Hostname()
		if net.ParseIP(u.Host).To4() == nil && net.ParseIP(u.Host) != nil {
			u.Host = "[" + u.Host + "]"
		}
		c := startCall(s, http.MethodPost, "plain http")
		c.URL, c.Client, c.Op = u.String(), nil, OpOther
		ctx, cancel := context.WithTimeout(ctx, silence)
		defer cancel()
		if s.Send(ctx, c, With("client_id", UnknownClient())) == nil {
			s.Event(EventFact, "", "plain http=silent")
		}
	},
}

func judgePlainHTTP(e *Evidence, j *Judgement) {
	u, err := url.Parse(e.StartURL)
	if err != nil || IsPrivate(u.Hostname()) {
		j.Inconclusive("the server is not on the public network")
		return
	}
	if _, silent := e.Fact(plainHTTP, "plain http"); silent {
		j.Saw(1, "silence on port 80")
	}
	for _, x := range e.Of(plainHTTP, "plain http") {
		to, _ := url.Parse(ResponseHeader(x, "Location"))
		secure := to != nil && to.Scheme == "https" && to.Hostname() == u.Hostname()
		v, actual := reports.Warning, Describe(x)
		switch {
		case x.Response == nil:
			v = reports.Pass
		case x.HasCodes() || x.ErrorCode() != "":
			v, actual = reports.Fail, "an answer from the application: "+actual
		case x.Class() == 3 && secure && (x.Status() == 307 || x.Status() == 308):
			v = reports.Pass
		case x.Class() == 3:
			actual = fmt.Sprintf("%d to %s", x.Status(), ResponseHeader(x, "Location"))
		case x.Class() == 4:
			v = reports.Pass
		default:
			v, actual = reports.Inconclusive, "something else answers on port 80: "+actual
		}
		j.Record(v, "nothing served over http, or a 307 or 308 redirect to https on the same host", actual, x)
	}
}

// Facts that handshakes leaves.
const (
	factHandshake = "handshake" // ok, or the error
	factVersion   = "version"
	factCertEnd   = "certificate until" // RFC 3339
	factLegacy    = "TLS 1.1 at most"   // refused, or the version; or unknown
	factInsecure  = "verification"      // off, when the user said so

	unknownFact = "unknown: " // a value: it could not be found out, and why
)

// handshakes opens two connections itself: one as a device would, with the
// configured roots, and one that knows nothing later than TLS 1.1.
var handshakes = &Scenario{
	Name: "TLS handshakes", Lane: LaneInstant, Needs: []Capability{NeedPublicTLS}, Cost: FixedCost(2, 0),
	Run: func(ctx context.Context, s *ScenarioRun) {
		fact := func(name, value string) { s.Event(EventFact, "", name+"="+value) }
		modern := s.Target().TLSOf(&s.Target().Client)
		if modern == nil {
			modern = &tls.Config{}
		}
		if modern.InsecureSkipVerify {
			fact(factInsecure, "off")
		}
		state, err := handshake(ctx, s, modern)
		switch {
		case errors.As(err, new(unreachable)):
			fact(factHandshake, unknownFact+err.Error())
		case err != nil:
			fact(factHandshake, err.Error())
		default:
			fact(factHandshake, "ok")
			fact(factVersion, tls.VersionName(state.Version))
			fact(factCertEnd, state.PeerCertificates[0].NotAfter.UTC().Format(time.RFC3339))
		}
		legacy := &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11, InsecureSkipVerify: true}
		for _, c := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
			legacy.CipherSuites = append(legacy.CipherSuites, c.ID)
		}
		state, err = handshake(ctx, s, legacy)
		switch {
		case err == nil:
			fact(factLegacy, tls.VersionName(state.Version))
		case errors.As(err, new(unreachable)):
			fact(factLegacy, unknownFact+err.Error())
		default:
			fact(factLegacy, "refused")
		}
	},
}

// unreachable is an error from before any handshake.
type unreachable struct{ error }

// handshake connects to the start endpoint's host and says hello.
func handshake(ctx context.Context, s *ScenarioRun, cfg *tls.Config) (tls.ConnectionState, error) {
	u, err := url.Parse(s.Target().StartURL)
	if err != nil {
		return tls.ConnectionState{}, unreachable{err}
	}
	port := u.Port()
	if port == "" {
		port = "443"
	}
	ctx, cancel := context.WithTimeout(ctx, RequestTimeout)
	defer cancel()
	dial := s.Target().Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	conn, err := dial(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return tls.ConnectionState{}, unreachable{err}
	}
	defer conn.Close()
	if cfg.ServerName == "" {
		cfg.ServerName = u.Hostname()
	}
	client := tls.Client(conn, cfg)
	err = client.HandshakeContext(ctx)
	return client.ConnectionState(), err
}

// certificateDays is how soon an end of the certificate is worth a warning.
const certificateDays = 14

func judgeHandshakes(e *Evidence, j *Judgement) {
	shaken, ok := e.Fact(handshakes, factHandshake)
	if !ok {
		return
	}
	if reason, unknown := strings.CutPrefix(shaken, unknownFact); unknown {
		j.Inconclusive("no separate TLS connection could be opened: " + reason)
		return
	}
	if shaken != "ok" {
		j.Fail("a handshake at TLS 1.2 or 1.3 with a certificate that verifies", shaken)
		return
	}
	if v, _ := e.Fact(handshakes, factInsecure); v == "off" {
		j.Waive("tls.insecure", "a certificate that verifies", "a run that does not verify certificates (tls.insecure)")
	}
	j.Saw(1, "handshake")
	legacy, _ := e.Fact(handshakes, factLegacy)
	switch reason, unknown := strings.CutPrefix(legacy, unknownFact); {
	case unknown:
		j.Inconclusive("it did not show whether TLS 1.1 is refused: " + reason)
	case legacy != "refused":
		j.Fail("handshakes at TLS 1.1 and below to be refused", legacy+" accepted")
	}
	if v, _ := e.Fact(handshakes, factVersion); v != tls.VersionName(tls.VersionTLS13) {
		j.Warn("TLS 1.3 to be supported", v)
	}
	text, _ := e.Fact(handshakes, factCertEnd)
	if end, err := time.Parse(time.RFC3339, text); err == nil &&
		end.Before(e.Header.Started.AddDate(0, 0, certificateDays)) {
		j.Warn(fmt.Sprintf("a certificate that is valid for %d more days", certificateDays), "one that expires at "+text)
	}
	judgeStrictTransport(e, j)
}

// judgeStrictTransport: browsers come to the verification page, and the field
// counts for the whole host (RFC 6797).
func judgeStrictTransport(e *Evidence, j *Judgement) {
	var seen []*Exchange
	for _, x := range e.Exchanges {
		if x.Response == nil || x.Response.TLSVersion == 0 {
			continue
		}
		if x.Response.Header.Get("Strict-Transport-Security") != "" {
			return
		}
		seen = append(seen, x)
	}
	if len(seen) > 0 {
		j.Warn("a Strict-Transport-Security header field", "none in any response", seen[0])
	}
}
