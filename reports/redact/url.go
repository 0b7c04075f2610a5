package redact

import (
	"net/url"
	"strings"

	"github.com/dfcheck/dfcheck/spec"
)

// URL returns a URL with pseudonyms in the places of secrets; what a parameter holds
// that goes by the name of a secret is one, however short.
func (r *Redactor) URL(text string) string {
	front, query, has := strings.Cut(text, "?")
	if !has {
		return r.Text(text)
	}
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(value)
		if known, nameErr := url.QueryUnescape(name); err == nil && nameErr == nil && plain != "" &&
			spec.Confidential(known) && !IsMember(known) {
			pairs[i] = name + "=" + r.Sent(Password, plain)
		}
	}
	return r.Text(front + "?" + strings.Join(pairs, "&"))
}
