package spec

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// role is one of the two operations of the device flow, with what tells it from
// other operations. No evidence stands alone: a known path, the members of the
// request and those of the answers are added up.
type role struct {
	what  string // for messages
	hint  string // the key that settles it
	names []string
	gives string // for messages: what its answer has
	score func(r role, c *candidate) int
}

// enough is the score from which an operation is taken when no other has more.
const enough = 4

var (
	startRole = role{
		what: "device authorization", hint: "device_authorization", gives: "device_code and user_code",
		names: []string{"v1_oauth_device_authorization_create", "/api/v1/oauth/device-authorization/",
			"/api/v1/oauth/device-authorization"},
		score: startScore,
	}
	tokenRole = role{
		what: "token", hint: "token", gives: "access_token",
		names: []string{"v1_oauth_token_create", "/api/v1/oauth/token", "/api/v1/oauth/token/"},
		score: tokenScore,
	}
)

// Paths of device authorization and of token endpoints as people write them.
var (
	startPath = regexp.MustCompile(`(?i)device[-_/]?(auth|code|start|begin|flow)|auth[a-z]*[-_/]device`)
	tokenPath = regexp.MustCompile(`(?i)(^|[/_-])(access[-_]?)?tokens?/?$`)
)

func (r role) known(c *candidate) bool {
	return slices.ContainsFunc(r.names, func(name string) bool { return name == c.id || name == c.path || name == c.prefix+c.path })
}

func startScore(r role, c *candidate) int {
	score, shape := 0, c.startShaped()
	if shape {
		score += 8
	}
	if other := len(c.gives) > 0 && !shape; !other && r.known(c) {
		score += 9
	} else if !other && startPath.MatchString(c.path) {
		score += 3
	}
	if c.takes("client_id") {
		score++
	}
	if c.takes("device_code") {
		score -= 4
	}
	if c.takes("user_code") { // where people confirm it
		score -= 6
	}
	return score
}

// startShaped reports whether the answers have what a device authorization response has.
func (c *candidate) startShaped() bool {
	return c.has("device_code") && (c.has("user_code") || c.has("verification_uri") || c.has("verification_uri_complete"))
}

func tokenScore(r role, c *candidate) int {
	score := 0
	if c.has("access_token") {
		score += 4
	}
	switch {
	case c.takes("device_code"):
		score += 6
	case len(c.asks) > 0 && !c.takes("grant_type"): // a sign-in
		score -= 8
	}
	switch {
	case slices.Contains(c.grants, GrantDeviceCode):
		score += 6
	case len(c.grants) > 0:
		score -= 10 // other grants
	case c.takes("grant_type"):
		score += 2
	}
	if r.known(c) {
		score += 3
	} else if tokenPath.MatchString(c.path) {
		score++
	}
	if c.takes("user_code") {
		score -= 4
	}
	return score
}

// locate finds an operation: the one that the hint names, or the POST with the most
// evidence. Among equals the one nearest to the other operation is taken, where
// that is known.
func locate(all []*candidate, r role, hint string, other *candidate) (*candidate, error) {
	if hint != "" {
		return r.hinted(all, hint)
	}
	var posts []*candidate
	for _, c := range all {
		if c.method == "POST" && c != other {
			posts = append(posts, c)
		}
	}
	best := posts[:0:0]
	for _, c := range posts {
		switch s := r.score(r, c); {
		case s < enough:
		case len(best) == 0 || s > r.score(r, best[0]):
			best = []*candidate{c}
		case s == r.score(r, best[0]):
			best = append(best, c)
		}
	}
	if len(best) > 1 && other != nil {
		best = nearest(best, other)
	}
	switch len(best) {
	case 1:
		return best[0], nil
	case 0:
		if err := r.unusual(all); err != nil {
			return nil, err
		}
		return nil, r.unclear("no POST operation answers 2xx with "+r.gives, posts)
	}
	return nil, r.unclear("several operations could be "+r.what, best)
}

// hinted is the operation that a hint names.
func (r role) hinted(all []*candidate, hint string) (*candidate, error) {
	var other *candidate
	for _, exact := range []bool{true, false} {
		for _, c := range all {
			values, ok := c.named(hint)
			switch {
			case !ok || exact && values != nil:
			case c.method == "POST":
				return c, nil
			case other == nil:
				other = c
			}
		}
	}
	var posts []*candidate
	for _, c := range all {
		if c.method == "POST" {
			posts = append(posts, c)
		}
	}
	if other != nil {
		return nil, r.unclear(fmt.Sprintf("%q is %s %s, and the %s request is a POST (RFC 8628)", hint, other.method, other.path, r.what), posts)
	}
	return nil, r.unclear(fmt.Sprintf("the document has no POST operation %q for %s", hint, r.what), posts)
}

// nearest keeps the candidates that stand closest to another operation: with the
// same tag, and with the longest common front of the path.
func nearest(all []*candidate, other *candidate) []*candidate {
	near := func(c *candidate) int {
		n := 0
		a, b := strings.Split(c.prefix+c.path, "/"), strings.Split(other.prefix+other.path, "/")
		for n < len(a) && n < len(b) && a[n] == b[n] {
			n++
		}
		if slices.ContainsFunc(c.tags, func(t string) bool { return slices.Contains(other.tags, t) }) {
			n++
		}
		return n
	}
	most := 0
	for _, c := range all {
		most = max(most, near(c))
	}
	return slices.DeleteFunc(slices.Clone(all), func(c *candidate) bool { return near(c) < most })
}

// maxCandidates bounds the list in a message.
const maxCandidates = 12

// unclear lists the candidates, the likeliest first.
func (r role) unclear(problem string, candidates []*candidate) error {
	if len(candidates) == 0 {
		return errors.New(problem + "; the document has no POST operations at all")
	}
	candidates = slices.Clone(candidates)
	slices.SortStableFunc(candidates, func(a, b *candidate) int { return cmp.Compare(r.score(r, b), r.score(r, a)) })
	var list []string
	for _, c := range candidates[:min(len(candidates), maxCandidates)] {
		list = append(list, c.String())
	}
	more := ""
	if n := len(candidates) - len(list); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return fmt.Errorf("%s; candidates: %s%s; name one with \"endpoints: {%s: PATH or operationId}\"",
		problem, strings.Join(list, ", "), more, r.hint)
}
