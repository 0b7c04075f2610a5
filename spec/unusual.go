package spec

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Servers with the device flow in other words are told so, in place of a list of
// operations of which none fits.

// wanted are the members by which an answer is known, and where RFC 8628 has them.
func (r role) wanted() (names []string, section string) {
	if r.hint == tokenRole.hint {
		return []string{"access_token"}, "RFC 8628 section 3.5"
	}
	return []string{"device_code", "user_code"}, "RFC 8628 section 3.2"
}

// unusual says which operation looks like the one that is looked for, and what is
// other about it; nil when none does.
func (r role) unusual(all []*candidate) error {
	for _, c := range all {
		if !r.plausible(c) {
			continue
		}
		if c.method != "POST" && r.exact(c) {
			return fmt.Errorf("%s %s looks like the %s request, which is a POST in RFC 8628: "+
				"dfcheck checks servers that use its methods", c.method, c.path, r.what)
		}
		if text := r.otherNames(c); text != "" {
			return errors.New(text)
		}
	}
	return nil
}

func (r role) exact(c *candidate) bool {
	names, _ := r.wanted()
	return c.has(names...)
}

// remark is what otherNames says of an operation that was named all the same.
func (r role) remark(c *candidate) string {
	if r.exact(c) {
		return ""
	}
	return r.otherNames(c)
}

// plausible keeps sign-ins from being taken for polls.
func (r role) plausible(c *candidate) bool {
	asks := spelled(c.asks)
	if r.hint == tokenRole.hint {
		return asks["devicecode"] != "" || c.device
	}
	return asks["usercode"] == ""
}

// otherNames says how an operation spells or wraps the members of its answer, ""
// when it has them as RFC 8628 does, or not at all.
func (r role) otherNames(c *candidate) string {
	names, section := r.wanted()
	for _, b := range c.successes() {
		have, where, ok := unwrap(b.members(), names, nil)
		if !ok || len(where) == 0 && slices.Equal(have, names) {
			continue
		}
		inside, has := "", "has "+strings.Join(names, " and ")
		if len(where) > 0 {
			inside, has = fmt.Sprintf(" inside %q", strings.Join(where, ".")), has+" at the top"
		}
		return fmt.Sprintf("%s %s answers %s%s where %s %s: dfcheck checks servers that use the names of RFC 8628",
			c.method, c.path, strings.Join(have, " and "), inside, section, has)
	}
	return ""
}

// unwrap finds names, however they are written, in an object or in what it wraps.
func unwrap(o object, names, path []string) (have, where []string, ok bool) {
	if have, ok := spellings(o.names(), names); ok {
		return have, path, true
	}
	for _, at := range o.names() {
		if len(path) > 1 {
			break
		}
		if have, where, ok := unwrap(flatten(o.properties[at]), names, append(slices.Clone(path), at)); ok {
			return have, where, true
		}
	}
	return nil, nil, false
}

// remarks says what the token operation does otherwise than RFC 8628, as far as the
// document tells.
func (c *candidate) remarks() []string {
	var all []string
	if len(c.grants) > 0 && !slices.Contains(c.grants, GrantDeviceCode) {
		all = append(all, fmt.Sprintf("POST %s allows the grant types %s, and not %s of RFC 8628 section 3.4",
			c.path, strings.Join(c.grants, ", "), GrantDeviceCode))
	}
	if how := c.pending(); how != "" {
		all = append(all, fmt.Sprintf("POST %s answers %s while the user has not decided, as it seems, where RFC 8628 "+
			"section 3.5 has 400 with the error authorization_pending", c.path, how))
	}
	return all
}

// pending says how a success stands for "not yet", "" when none does.
func (c *candidate) pending() string {
	if responses := c.node.get("responses"); responses.get("202").isMap() {
		return "202"
	}
	for _, b := range c.successes() {
		o := b.members()
		for _, name := range o.names() {
			for _, v := range append(allowed(o.properties[name]), o.properties[name].get("example").text()) {
				if strings.Contains(strings.ToLower(v), "pending") {
					return fmt.Sprintf("a success with %q in %s", v, name)
				}
			}
		}
	}
	return ""
}

// spelled maps names without case, dashes and underscores to how they are written.
func spelled(names []string) map[string]string {
	out := map[string]string{}
	for _, name := range names {
		out[strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(name))] = name
	}
	return out
}

// spellings finds names however they are written.
func spellings(have, names []string) ([]string, bool) {
	by := spelled(have)
	var out []string
	for _, plain := range names {
		for key := range maps.Keys(spelled([]string{plain})) {
			if by[key] == "" {
				return nil, false
			}
			out = append(out, by[key])
		}
	}
	return out, true
}
