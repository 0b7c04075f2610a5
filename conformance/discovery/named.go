package discovery

import (
	"fmt"

	"github.com/dfcheck/dfcheck/conformance"
)

// endpointsNamed returns an error where an endpoint that the server named is on a host
// that the user did not (ruling R120).
func endpointsNamed(t *conformance.Target, c conformance.Choice) error {
	hosts := append(t.NamedHosts(), join(t.Host, c.Start), join(t.Host, c.Token))
	told := conformance.ToldURL
	for _, endpoint := range []string{t.StartURL, t.TokenURL} {
		if conformance.OnHosts(endpoint, hosts) {
			continue
		}
		return &conformance.PreflightError{
			Problem: fmt.Sprintf("the server says that its device flow is on another host, %s, which nobody named",
				told(endpoint)),
			Hint: fmt.Sprintf("if that is the server to test, name it: %s %s %s %s", flagStart, told(t.StartURL), flagToken,
				told(t.TokenURL)),
			See: conformance.OnAnotherHost, Incomplete: true, Tried: t.Look.Tried,
		}
	}
	return nil
}
