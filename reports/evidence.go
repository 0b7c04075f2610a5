package reports

import (
	"fmt"
	"maps"
	"slices"
)

// exchanges are those that a report has, of whatever section.
func (r *Report) exchanges() []Exchange {
	var out []Exchange
	if r.Conformance != nil {
		out = append(out, r.Conformance.Exchanges...)
	}
	if r.Load != nil {
		out = append(out, r.Load.Exchanges...)
	}
	return out
}

// cited are the exchanges with the given ids, in the order of the report.
func (r *Report) cited(ids []string) (out []Exchange) {
	wanted := make(map[string]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	for _, x := range r.exchanges() {
		if wanted[x.ID] {
			out = append(out, x)
		}
	}
	return out
}

// maxShown is how many characters of a body are shown to people.
const maxShown = 4000

// evidence is an exchange in lines, legible: the request as a curl line, and what
// came back.
func (x Exchange) evidence() []string {
	lines := []string{fmt.Sprintf("%s %s%s%s, at %.2f ms: %s %s", x.ID, x.Scenario, after(", ", x.Step),
		after(", device code ", x.Flow), x.AtMS, x.Request.Method, x.Request.URL)}
	if x.Curl != "" {
		lines = append(lines, x.Curl)
	}
	if x.Error != "" {
		lines = append(lines, fmt.Sprintf("error after %.2f ms: %s", x.DurationMS, x.Error))
	}
	if a := x.Response; a != nil {
		lines = append(lines, fmt.Sprintf("%s %d after %.2f ms, %s%s", a.Proto, a.Status, x.DurationMS,
			plural(uint64(max(a.Length, 0)), "byte"), after(", sha256 ", a.SHA256)))
		for _, name := range slices.Sorted(maps.Keys(a.Headers)) {
			for _, v := range a.Headers[name] {
				lines = append(lines, name+": "+v)
			}
		}
		if a.Body != "" {
			lines = append(lines, "", short(a.Body, maxShown))
		}
	}
	for i, line := range lines {
		lines[i] = legible(line)
	}
	return lines
}
