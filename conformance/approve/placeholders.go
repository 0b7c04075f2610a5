package approve

import (
	"maps"
	"slices"
	"strings"
)

// placeholders of commands, requests and recipes.
func placeholders(host string, v Verification, d Decision) map[string]string {
	return map[string]string{
		"{host}": host, "{user_code}": v.Typed(), "{verification_uri}": v.VerificationURI,
		"{verification_uri_complete}": v.VerificationURIComplete, "{client_id}": v.ClientID, "{decision}": string(d),
	}
}

// fill replaces the placeholders of a text, each by what escape makes of its
// value. A value is never looked into: the server made it.
func fill(text string, values map[string]string, escape func(string) string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		pairs = append(pairs, name, escape(values[name]))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
