package spec

import (
	"cmp"
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
	does  string // for messages: what tells it from others
	score func(r role, c *candidate) int
}

// enough is the score from which an operation is taken when no other has more.
const enough = 4

var (
	startRole = role{
		what: "device authorization", hint: "device_authorization", does: "answers 2xx with device_code and user_code",
		names: []string{"v1_oauth_device_authorization_create", "/api/v1/oauth/device-authorization/",
			"/api/v1/oauth/device-authorization"},
		score: startScore,
	}
	tokenRole = role{
		what: "token", hint: "token",
		does:  "takes device_code, or the device grant as grant_type, and answers 2xx with access_token",
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
	return slices.ContainsFunc(r.names, func(name string) bool {
		return name == c.id || name == c.path || name == c.prefix+c.path
	})
}

func startScore(r role, c *candidate) int {
	score, shape := 0, c.startShaped()
	if shape {
		score += 8
	}
	if other := len(c.gives) > 0 && !shape; !other && r.known(c) {
		score += 9
	} else if !other && startPath.MatchString(c.path) {
		score += 3 + btoi(len(c.asks) == 0)
	}
	if c.flow == r.hint {
		score += 5
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
	if c.flow == r.hint {
		score += 5
	}
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
	case c.device:
		score += 6
	case len(c.grants) > 0:
		score -= 10 // other grants
	case c.takes("grant_type"):
		score += 2
	}
	switch {
	case r.known(c), tokenPath.MatchString(c.path) && len(c.asks)+len(c.gives) == 0:
		score += 4
	case tokenPath.MatchString(c.path):
		score += 2
	}
	if c.takes("user_code") {
		score -= 4
	}
	if c.takes("refresh_token") && !c.takes("device_code") && !c.takes("code") { // a refresh alone
		score -= 6
	}
	return score
}

// locate finds an operation: the one that the hint names, or the POST with the most
// evidence. That it stands near the other operation, where that is known, is
// evidence as well.
func locate(all []*candidate, r role, hint string, other *candidate) (*candidate, error) {
	posts := filter(all, func(c *candidate) bool { return c.method == "POST" })
	if hint != "" {
		return r.hinted(all, posts, hint)
	}
	var best []*candidate
	most := 0
	for _, c := range posts {
		s := r.score(r, c)
		if s < enough || c == other {
			continue
		}
		if s += near(c, other); s > most {
			best, most = nil, s
		}
		if s == most {
			best = append(best, c)
		}
	}
	switch len(best) {
	case 1:
		return best[0], nil
	case 0:
		if err := r.unusual(all); err != nil {
			return nil, err
		}
		return nil, r.unclear("no POST operation "+r.does, posts)
	}
	return nil, r.unclear("several operations could be "+r.what, best)
}

func filter(all []*candidate, keep func(*candidate) bool) []*candidate {
	return slices.DeleteFunc(slices.Clone(all), func(c *candidate) bool { return !keep(c) })
}

// near is how close two operations stand: by the common front of their paths, and a
// tag that both have.
func near(c, other *candidate) int {
	if other == nil {
		return 0
	}
	n := 0
	a, b := strings.Split(c.prefix+c.path, "/"), strings.Split(other.prefix+other.path, "/")
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return 2*n + 2*btoi(slices.ContainsFunc(c.tags, func(t string) bool { return slices.Contains(other.tags, t) }))
}

// hinted is the operation that a hint names: exactly, else by a path that fits its
// template.
func (r role) hinted(all, posts []*candidate, hint string) (*candidate, error) {
	for _, exact := range []bool{true, false} {
		meant := filter(posts, func(c *candidate) bool {
			values, ok := c.named(hint)
			return ok && (!exact || len(values) == 0)
		})
		if len(meant) > 0 { // the likeliest: operationIds may be there twice
			return slices.MaxFunc(meant, func(a, b *candidate) int { return cmp.Compare(r.score(r, a), r.score(r, b)) }), nil
		}
	}
	for _, c := range all {
		if _, ok := c.named(hint); ok {
			return nil, r.unclear(fmt.Sprintf("%q is %s %s, and the %s request is a POST (RFC 8628)",
				hint, c.method, c.path, r.what), posts)
		}
	}
	return nil, r.unclear(fmt.Sprintf("the document has no POST operation %q for %s", hint, r.what), posts)
}

// An OperationError says that an operation of the device flow was not found in a
// document, or not told from others, or is not one that dfcheck can use.
type OperationError string

func (e OperationError) Error() string { return string(e) }

// maxCandidates bounds the list in a message.
const maxCandidates = 12

// unclear lists the candidates, the likeliest first.
func (r role) unclear(problem string, candidates []*candidate) error {
	if len(candidates) == 0 {
		return OperationError(problem + "; the document has no POST operations at all")
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
	return OperationError(fmt.Sprintf("%s; candidates: %s%s; name one with \"endpoints: {%s: PATH or operationId}\"",
		problem, strings.Join(list, ", "), more, r.hint))
}
