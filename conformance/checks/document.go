package checks

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// documentChecks compare the ordinary answers of the run with what the contract's
// document says of them (ruling R58). The comparison was made when they were
// recorded.
var documentChecks = []Check{
	also(passive("DF-DOC-001", func(e *Evidence, j *Judgement) { compare(e, j, granting(e, OpStart), ofBody) }),
		encodedFlows),
	also(passiveToken("DF-DOC-002", func(e *Evidence, j *Judgement) { compare(e, j, granting(e, OpToken), ofBody) }),
		refreshing),
	passiveErrors("DF-DOC-003", judgeDescribedErrors),
	{
		ID: "DF-DOC-004", Gate: GateStart, Reads: []*Scenario{minimalStart, firstPoll}, Wants: []*Scenario{approvedFlow},
		Shows: "answer", Passive: true,
		Judge: func(e *Evidence, j *Judgement) { compare(e, j, posted(e), ofHead) },
	},
}

// also has further scenarios played for a check: other encodings, other grants.
func also(c Check, scenarios ...*Scenario) Check {
	c.Wants = slices.Concat(c.Wants, scenarios)
	return c
}

// granting are the answers of an operation that give codes or tokens.
func granting(e *Evidence, op Operation) []*Exchange {
	return slices.DeleteFunc(posted(e), func(x *Exchange) bool {
		return x.Op != op || x.Class() != 2 || op == OpStart && !x.HasCodes() || op == OpToken && !x.HasTokens()
	})
}

func judgeDescribedErrors(e *Evidence, j *Judgement) {
	if !e.Contract.Start.DescribesErrors() && !e.Contract.Token.DescribesErrors() {
		j.Skip("the document describes no error responses")
		return
	}
	compare(e, j, slices.DeleteFunc(posted(e), func(x *Exchange) bool {
		return x.Status() < http.StatusBadRequest || throttled(e)(x) || !x.Op.In(e.Contract).Describes(x.Status())
	}), ofBody)
}

// ofHead and ofBody tell the two parts of an answer apart.
func ofHead(d spec.Deviation) bool { return d.Keyword == "status" || d.Keyword == "contentType" }
func ofBody(d spec.Deviation) bool { return !ofHead(d) }

// compare records the deviations of one part of the answers. Alike ones are one
// finding, whatever the values.
func compare(e *Evidence, j *Judgement, xs []*Exchange, part func(spec.Deviation) bool) {
	var order []spec.Deviation
	found := map[spec.Deviation][]*Exchange{}
	for _, x := range xs {
		clean := true
		for _, d := range x.Response.Deviations {
			if !part(d) || toldElsewhere(e, x, d) {
				continue
			}
			if clean = false; found[d] == nil {
				order = append(order, d)
			}
			found[d] = append(found[d], x)
		}
		if clean {
			j.Pass(x)
		}
	}
	for _, d := range order {
		expected, actual := d.Subject()+" "+d.Want, came(e, found[d], d)
		for _, x := range found[d] {
			if setting := leniency(e, x, d); setting != "" {
				j.Waive(setting, expected, actual, x)
			} else {
				j.Record(gravity(d), expected, actual, x)
			}
		}
	}
}

// gravity of a deviation: a document says nothing of names given twice, and what
// is beyond the bounds was not compared.
func gravity(d spec.Deviation) reports.Verdict {
	switch d.Keyword {
	case "duplicate":
		return reports.Warning
	case "size", "depth", "number":
		return reports.Inconclusive
	}
	return reports.Fail
}

// leniency is the setting that excuses a deviation, "" when there is none.
func leniency(e *Evidence, x *Exchange, d spec.Deviation) string {
	v, _ := x.Member(strings.TrimPrefix(d.Pointer, "/"))
	_, array := v.([]any)
	switch {
	case e.Lenient.ScopeArray && d.Pointer == "/scope" && array:
		return LenientScopeArray
	case e.Lenient.VerificationURL && (d.Pointer == "/verification_url" || d.Pointer == "/verification_uri" &&
		d.Keyword == "required"):
		return LenientVerificationURL
	}
	return ""
}

// toldElsewhere reports whether another check holds the same of the answer (ruling
// R59). Whether a response without a member of RFC 8628 is a start is a gate's.
func toldElsewhere(e *Evidence, x *Exchange, d spec.Deviation) bool {
	refused := x.Status() == http.StatusBadRequest || x.Status() == http.StatusUnauthorized
	member := strings.TrimPrefix(d.Pointer, "/")
	grant, _ := x.Request.Params.Get("grant_type")
	switch d.Keyword {
	case "json":
		return refused || x.Object() != nil // DF-ERR-002, DF-HTTP-009
	case "contentType":
		// DF-ERR-002, DF-AUTHZ-004
		return x.MediaType() != string(spec.JSON) && (refused || x.Op == OpStart && x.Class() == 2)
	case "required":
		return refused && member == "error" || // DF-ERR-003, DF-ERR-007
			member == "token_type" || // DF-TOKEN-002
			// DF-TOKEN-004
			member == "expires_in" && x.HasTokens() && grant == spec.GrantDeviceCode && e.Contract.Name == "documented-v2"
	case "format":
		// DF-AUTHZ-005, DF-AUTHZ-007
		return d.Want == "to have the format uri" && strings.HasPrefix(member, "verification_uri")
	case "type":
		return typeToldElsewhere(e, x, member)
	}
	return false
}

func typeToldElsewhere(e *Evidence, x *Exchange, member string) bool {
	v, _ := x.Member(member)
	_, text := v.(string)
	_, number := v.(json.Number)
	switch member {
	case "device_code", "user_code", "verification_uri", "verification_uri_complete", "token_type", "error":
		return !text // DF-AUTHZ-003, DF-TOKEN-002, DF-ERR-003
	case "expires_in", "interval":
		_, integral := x.Number(member)
		return !number || !integral // DF-AUTHZ-003, DF-AUTHZ-009, DF-TOKEN-004
	case "scope", "refresh_token":
		return !text && (e.Contract.Name == "documented-v2" || e.Contract.TokenResponseSlip) // DF-TOKEN-009, DF-TOKEN-005
	}
	return false
}

// came says what came in the place of what the document asks.
func came(e *Evidence, xs []*Exchange, d spec.Deviation) string {
	if d.Keyword == "contentType" {
		return cmp.Or(xs[0].MediaType(), "none")
	}
	var texts []string
	for _, x := range xs {
		if v, ok := at(x, d.Pointer); ok && (d.Got == "" || d.Keyword == "type") {
			texts = append(texts, shown(e, v))
		}
	}
	slices.Sort(texts)
	switch texts = slices.Compact(texts); len(texts) {
	case 0:
		return cmp.Or(d.Got, "another value")
	case 1:
		return texts[0]
	}
	return fmt.Sprintf("%s and %d other values", texts[0], len(texts)-1)
}

// shown is a value in a finding. Of a secret its traits are shown.
func shown(e *Evidence, v any) string {
	text, _ := v.(string)
	if s, secret := e.Secrets[text]; secret {
		return fmt.Sprintf("%s, %d characters (%s)", text, s.Length, s.Alphabet)
	}
	return Truncate(JSONText(v), maxShown)
}

// maxShown bounds a value in a finding, in bytes.
const maxShown = 120

// at is the value that a JSON Pointer names in a body; false when there is none.
func at(x *Exchange, pointer string) (v any, ok bool) {
	v, ok = x.Object(), x.Object() != nil
	for name := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		name = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
		switch parent := v.(type) {
		case map[string]any:
			v, ok = parent[name]
		case []any:
			i, err := strconv.Atoi(name)
			if ok = err == nil && i >= 0 && i < len(parent); ok {
				v = parent[i]
			}
		default:
			ok = false
		}
		if !ok {
			return nil, false
		}
	}
	return v, true
}
