package redact

import (
	"net/http"
	"slices"
	"strings"

	"github.com/dfcheck/dfcheck/spec"
)

// Params returns parameters with pseudonyms in the places of secrets.
func (r *Redactor) Params(in spec.Params) spec.Params {
	out := slices.Clone(in)
	for i, p := range in {
		if kind := members[p.Name]; kind != "" {
			out[i].Value = r.Sent(kind, p.Value)
		} else {
			out[i].Value = replace(p.Value, r.whole(view{text: p.Value}, false))
		}
	}
	return out
}

// Header returns header fields with pseudonyms in the places of secrets.
func (r *Redactor) Header(h http.Header) http.Header {
	out := make(http.Header, len(h))
	for k, values := range h {
		for _, v := range values {
			out[k] = append(out[k], r.field(k, v))
		}
	}
	return out
}

// Configured takes in the credentials in header fields that go with every
// request.
func (r *Redactor) Configured(h http.Header) {
	for k, values := range h {
		for _, v := range values {
			_, rest, _ := strings.Cut(v, " ")
			switch {
			case !isConfidential(k):
			case strings.EqualFold(k, "Cookie"):
				r.cookies(v, false)
			default:
				if id, secret, ok := credentials(rest); ok {
					r.Client(id, secret)
				}
				r.Learn(Credentials, v)
				r.Learn(Credentials, strings.TrimSpace(rest))
			}
		}
	}
}

// confidential are parts of the names of fields that hold credentials.
var confidential = []string{"authorization", "cookie", "api-key", "apikey", "secret", "password", "credential",
	"session", "csrf", "xsrf", "auth-token", "access-token"}

func isConfidential(name string) bool {
	name = strings.ToLower(name)
	return !strings.HasPrefix(name, "access-control-") &&
		slices.ContainsFunc(confidential, func(part string) bool { return strings.Contains(name, part) })
}

func (r *Redactor) field(name, value string) string {
	lower := strings.ToLower(name)
	switch {
	case value == "":
		return ""
	case lower == "cookie":
		return r.cookies(value, false)
	case lower == "set-cookie":
		return r.cookies(value, true)
	case lower == "authorization" || lower == "proxy-authorization":
		return r.authorization(value)
	case lower == "dpop": // a proof, good for whoever is quicker
		return r.Sent(Proof, value)
	case isConfidential(name):
		return r.hide(value)
	}
	return replace(value, r.whole(view{text: value}, false))
}

// authorization keeps the scheme, and of Basic credentials the user.
func (r *Redactor) authorization(value string) string {
	scheme, rest, ok := strings.Cut(value, " ")
	rest = strings.TrimSpace(rest)
	_, of, _ := strings.Cut(rest, ":")
	switch {
	case r.pseudonym(of):
		return value
	case !ok || rest == "":
		return r.hide(value)
	case strings.EqualFold(scheme, "Basic"):
		if id, secret, ok := credentials(rest); ok {
			return scheme + " " + id + ":" + r.Sent(ClientSecret, secret)
		}
	}
	return scheme + " " + r.hide(rest)
}

// hide is the pseudonym of credentials; they may be known already.
func (r *Redactor) hide(value string) string {
	if r.pseudonym(value) {
		return value
	}
	return r.name(Credentials, value, placed)
}

// cookies keeps the names of cookies and the attributes of Set-Cookie (RFC 6265
// section 4).
func (r *Redactor) cookies(value string, set bool) string {
	parts := strings.Split(value, ";")
	for i, p := range parts {
		name, v, found := strings.Cut(p, "=")
		inner := strings.Trim(strings.TrimSpace(v), `"`)
		switch {
		case set && i > 0:
			parts[i] = r.Text(p)
		case found && inner != "" && !r.pseudonym(inner):
			parts[i] = name + "=" + strings.Replace(v, inner, r.Learn(Cookie, inner), 1)
		case !found:
			parts[i] = r.Text(p)
		}
	}
	return strings.Join(parts, ";")
}
