package approve

import (
	"errors"
	"strings"
	"testing"

	"github.com/dfcheck/dfcheck/spec/refserver"
)

// TestWays: a recipe of either kind goes either way, whatever of it the page leaves out.
func TestWays(t *testing.T) {
	byHand := ReferencePage()
	byHand.Steps[0].Open = "{verification_uri}"
	byLink := ReferencePage()
	byLink.Steps = []Step{{Open: "{verification_uri_complete}", Expect: "Sign in"}, byLink.Steps[1], {Press: "Continue"}}
	straight := byLink
	straight.Steps = byLink.Steps[:2]
	inAddress := ReferencePage()
	inAddress.Steps[0].Open = "{host}/device?user_code={user_code}"
	for _, c := range []struct {
		name   string
		recipe Config
		server string // a fault or variant
		fails  Way
	}{
		{"typed", byHand, "", ""},
		{"typed, and the link leads to consent", byHand, "link-leads-to-consent", ""},
		{"opened", byLink, "", ""},
		{"opened, straight to consent", straight, "link-leads-to-consent", ""},
		{"the code in the address", inAddress, "", ""},
		{"typed codes unknown", byHand, "typed-code-unknown", ByHand},
		{"typed codes unknown, the link in the recipe", byLink, "typed-code-unknown", ByHand},
		{"opened codes used up", byHand, "link-burns-code", ByLink},
		{"opened codes used up, the link in the recipe", byLink, "link-burns-code", ByLink},
	} {
		for _, way := range []Way{ByHand, ByLink} {
			t.Run(c.name+"/"+string(way), func(t *testing.T) {
				var broken []string
				if c.server != "" {
					broken = append(broken, c.server)
				}
				r := newReference(t, broken...)
				var opened string
				f, err := NewForm(c.recipe, Env{Host: host, Client: r.client, Trace: func(p PageSeen) {
					if opened == "" {
						opened = p.URL
					}
				}})
				if err != nil {
					t.Fatal(err)
				}
				device, v := r.codes()
				v.Way = way
				err = f.Decide(t.Context(), v, Approve)
				if want := way == c.fails; errors.Is(err, ErrRefused) != want || !want && err != nil {
					t.Errorf("the approver says %v", err)
				}
				if got := r.poll(device); (got == "token") != (way != c.fails) {
					t.Errorf("the poll says %s", got)
				}
				if linked := strings.Contains(opened, "user_code="); linked != (way == ByLink) {
					t.Errorf("it opened %s", opened)
				}
			})
		}
	}
}

// named are the faults and variants of these names.
func named(t *testing.T, names []string) (out []refserver.Fault) {
	t.Helper()
	all := append(refserver.Faults(), refserver.Variants()...)
	for _, name := range names {
		for _, f := range all {
			if f.Name == name {
				out = append(out, f)
			}
		}
	}
	if len(out) != len(names) {
		t.Fatalf("not all of %v is known", names)
	}
	return out
}
