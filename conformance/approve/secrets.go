package approve

import (
	"slices"
	"strings"
)

// Secrets are the values of a configuration that reports must not show: what a
// person types to sign in, and the credentials of requests. User names are shown.
func (c Config) Secrets() []string {
	var out []string
	for _, user := range []map[string]string{c.User, c.SecondUser} {
		for name, value := range user {
			if !slices.Contains(userNames, name) {
				out = append(out, value)
			}
		}
	}
	for _, a := range []Action{{Steps: c.Steps}, c.Approve, c.Deny} {
		out = append(out, a.secrets()...)
	}
	out = slices.DeleteFunc(out, func(s string) bool { return s == "" || placeholder.MatchString(s) })
	slices.Sort(out)
	return slices.Compact(out)
}

// userNames are the keys of a user whose values are no secret.
var userNames = []string{"user", "name", "username", "user_name", "login", "account", "email", "mail"}

func (a Action) secrets() (out []string) {
	add := func(name, value string) {
		if confidential(name) {
			out = append(out, value)
			if _, rest, ok := strings.Cut(value, " "); ok { // of an Authorization field
				out = append(out, strings.TrimSpace(rest))
			}
		}
	}
	for name, value := range a.Headers {
		add(name, value)
	}
	for name, value := range a.Form {
		add(name, value)
	}
	for name, value := range a.JSON {
		if text, ok := value.(string); ok {
			add(name, text)
		}
	}
	for _, s := range a.Steps {
		for _, f := range s.Fill {
			add(f.Name, f.Value)
		}
	}
	for i, word := range a.Command {
		if name, value, ok := strings.Cut(word, "="); ok {
			add(name, value)
		} else if i > 0 && strings.HasPrefix(a.Command[i-1], "-") {
			add(a.Command[i-1], word)
		}
	}
	return out
}

// confidential reports whether what goes by a name is a secret.
func confidential(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"password", "passwd", "passphrase", "secret", "token", "authorization", "cookie",
		"api-key", "apikey", "api_key", "otp"},
		func(part string) bool { return strings.Contains(name, part) }) || name == "pin" || strings.HasSuffix(name, "-pin")
}
