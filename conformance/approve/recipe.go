package approve

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/dfcheck/dfcheck/spec/strict"
)

// recipe is what a form or a browser does for a decision: the shared steps,
// then those of the decision.
type recipe struct {
	approve, deny []Step
	refused       []string
	hosts         []string
	user, second  map[string]string
	host          string
	steps, raw    bool // the code can be entered without deciding; any text can be typed as the code
	needsComplete bool
	refuses       []string // what is pressed to refuse
}

// newRecipe reads the recipe of a configuration. All problems are reported at
// once.
func newRecipe(c Config, host string) (*recipe, error) {
	r := &recipe{refused: c.Refused, hosts: c.Hosts, user: c.User, second: c.SecondUser, host: host,
		approve: slices.Concat(c.Steps, c.Approve.Steps)}
	var errs []error
	if last(r.approve) < 0 {
		errs = append(errs, fmt.Errorf(`approve.steps and approve.approve have no step that opens or presses anything; `+
			`write steps: [{open: "{verification_uri}"}, %s] and approve: %s`, Step{}.Form(), stepsForm))
	}
	if !c.Deny.empty() {
		if r.deny = slices.Concat(c.Steps, c.Deny.Steps); last(r.deny) < 0 {
			errs = append(errs, errors.New("approve.deny has no step that opens or presses anything"))
		}
	}
	for name, a := range map[string]Action{"approve": c.Approve, "deny": c.Deny} {
		if !a.empty() && len(a.Steps) == 0 {
			errs = append(errs, fmt.Errorf("approve.%s must be a list of steps, like %s, for kind %s", name, stepsForm, c.Kind))
		}
	}
	errs = append(errs, r.checkSteps(c)...)
	errs = append(errs, checkNames(c.User)...)
	if c.SecondUser != nil && !slices.Equal(slices.Sorted(maps.Keys(c.User)), slices.Sorted(maps.Keys(c.SecondUser))) {
		errs = append(errs, fmt.Errorf("approve.second_user must have the keys of approve.user"))
	}
	r.needsComplete = slices.ContainsFunc(r.approve, func(s Step) bool { return s.types("{verification_uri_complete}") })
	r.raw = !r.needsComplete && slices.ContainsFunc(r.approve, func(s Step) bool { return s.types("{user_code}") })
	r.steps = r.entersFirst()
	for _, s := range c.Deny.Steps {
		if s.Press != "" {
			r.refuses = append(r.refuses, s.Press)
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return r, errors.Join(errs...)
}

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

// checkSteps holds that each step does something and that its placeholders are
// known.
func (r *recipe) checkSteps(c Config) (errs []error) {
	known := r.values(Verification{}, Approve)
	names := slices.Sorted(maps.Keys(known))
	for _, list := range []struct {
		name  string
		steps []Step
	}{{"steps", c.Steps}, {"approve", c.Approve.Steps}, {"deny", c.Deny.Steps}} {
		for i, s := range list.steps {
			where := fmt.Sprintf("approve.%s[%d]", list.name, i)
			if s.Open == "" && len(s.Fill) == 0 && s.Press == "" && s.Expect == "" {
				errs = append(errs, fmt.Errorf("%s does nothing; a step opens, fills, presses or expects something", where))
			}
			if s.Timeout < 0 {
				errs = append(errs, fmt.Errorf("%s: timeout is negative", where))
			}
			for _, text := range s.texts() {
				for _, p := range placeholder.FindAllString(text, -1) {
					if _, ok := known[p]; !ok {
						errs = append(errs, fmt.Errorf("%s: unknown placeholder %s; the nearest is %s", where, p,
							strict.Nearest(p, names)))
					}
				}
			}
		}
	}
	for i, s := range slices.Concat(c.Steps, c.Approve.Steps) {
		if s.sends() {
			if s.Open == "" || i > 0 && s.When != "" {
				errs = append(errs, fmt.Errorf("approve: the first step must open a page"))
			}
			break
		}
	}
	return errs
}

// checkNames holds that a user's values can stand in placeholders.
func checkNames(user map[string]string) (errs []error) {
	taken := placeholders("", Verification{}, Approve)
	for name := range user {
		p := "{" + name + "}"
		if _, ok := taken[p]; ok || placeholder.FindString(p) != p {
			errs = append(errs, fmt.Errorf("approve.user: %q cannot be a name; small letters and _, and none of the built-in "+
				"placeholders", name))
		}
	}
	return errs
}

// values of the placeholders, with those of the user who decides.
func (r *recipe) values(v Verification, d Decision) map[string]string {
	values := placeholders(r.host, v, d)
	user := r.user
	if v.User != "" {
		user = r.second
	}
	for name, value := range user {
		values["{"+name+"}"] = value
	}
	return values
}

// last is the index of the step that decides, the last one that always makes a
// request; -1 when there is none.
func last(steps []Step) int {
	for i := len(steps) - 1; i >= 0; i-- {
		if steps[i].sends() && steps[i].When == "" {
			return i
		}
	}
	return -1
}

// entersFirst reports whether the code is sent in an earlier step than the
// decision.
func (r *recipe) entersFirst() bool {
	typed := false
	for i, s := range r.approve {
		if i == last(r.approve) {
			return false
		}
		typed = typed || s.types("{user_code}", "{verification_uri_complete}")
		if typed && s.sends() {
			return true
		}
	}
	return false
}

func (r *recipe) powers() Powers {
	return Powers{RawCodes: r.raw, Steps: r.steps, SecondUser: r.second != nil, Ways: true, Pages: true}
}

// of returns the steps of a decision for somebody, or why there are none.
func (r *recipe) of(v Verification, d Decision) ([]Step, error) {
	steps := r.approve
	if d == Deny {
		steps = r.deny
	}
	switch {
	case len(steps) == 0, v.User != "" && r.second == nil, v.Raw != "" && !r.raw:
		return nil, ErrUnsupported
	}
	return routed(steps, v.Way), nil
}

func identity(s string) string { return s }
