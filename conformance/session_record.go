package conformance

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/dfcheck/dfcheck/spec"
)

// recordRequest keeps what was sent, without its secrets.
func (s *session) recordRequest(req *http.Request, c Call, body []byte) Request {
	out := Request{Method: c.Method, URL: s.vault.redact(c.URL), Encoding: c.Encoding, Length: len(body)}
	if c.Client != nil {
		out.Client = c.Client.ID
	}
	if req != nil {
		out.Header = s.recordHeader(req.Header)
		if c.Host != "" {
			out.Header.Set("Host", c.Host)
		}
	}
	if c.Raw == nil {
		out.Params = s.vault.params(c.Params)
	}
	if c.Raw != nil {
		out.Body = s.vault.redact(string(body[:min(len(body), MaxBody)]))
	}
	return out
}

func (s *session) recordHeader(h http.Header) http.Header {
	out := make(http.Header, len(h))
	for k, values := range h {
		for _, v := range values {
			switch k {
			case "Authorization":
				v = s.redactAuthorization(v)
			case "Cookie", "Set-Cookie":
				v = s.redactCookie(v)
			}
			out[k] = append(out[k], s.vault.redact(v))
		}
	}
	return out
}

func (s *session) redactAuthorization(v string) string {
	pair, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(v, "Basic "))
	if err != nil {
		return v // a bearer token: the vault knows it
	}
	id, secret, _ := bytes.Cut(pair, []byte(":"))
	return fmt.Sprintf("Basic %s:%s", id, s.vault.name("client_secret", string(secret), spec.StartResponse{}))
}

// redactCookie calls the values of cookies by pseudonyms: they are sessions.
func (s *session) redactCookie(v string) string {
	parts := strings.Split(v, ";")
	for i, p := range parts {
		name, value, ok := strings.Cut(p, "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "path", "domain", "expires", "max-age", "samesite": // of Set-Cookie
		default:
			if ok && value != "" {
				parts[i] = name + "=" + s.vault.name("cookie", value, spec.StartResponse{})
			}
		}
	}
	return strings.Join(parts, ";")
}

func (s *session) recordResponse(resp *http.Response, raw []byte) *Response {
	s.vault.learn(raw)
	sum := sha256.Sum256(raw)
	out := &Response{
		Status: resp.StatusCode, Proto: resp.Proto, Header: s.recordHeader(resp.Header),
		Length: int64(len(raw)), SHA256: hex.EncodeToString(sum[:]),
		InvalidUTF8: !utf8.Valid(raw),
		Body:        s.vault.redact(string(raw[:min(len(raw), MaxBody)])),
	}
	if resp.TLS != nil {
		out.TLSVersion = resp.TLS.Version
	}
	return out
}
