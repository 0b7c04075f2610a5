package conformance

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// RandomCode is a random text of n letters and digits, for codes that nobody issued.
func RandomCode(n int) string {
	const letters = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	b := make([]byte, n)
	rand.Read(b)
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return string(b)
}

// UnknownClient is a client id that no server has registered.
func UnknownClient() string {
	b := make([]byte, 8)
	rand.Read(b)
	return "dfcheck-unknown-" + hex.EncodeToString(b)
}

// LookAlike is a random text with the shape of a code: letters for letters, digits
// for digits, everything else kept.
func LookAlike(code string) string {
	b := make([]byte, len(code))
	rand.Read(b)
	return strings.Map(func(r rune) rune {
		n := rune(b[0])
		b = append(b[1:], b[0]*31+7)
		switch {
		case 'a' <= r && r <= 'f': // keeps hexadecimal codes hexadecimal
			return 'a' + n%6
		case 'g' <= r && r <= 'z':
			return 'g' + n%20
		case 'A' <= r && r <= 'Z':
			return 'A' + n%26
		case '0' <= r && r <= '9':
			return '0' + n%10
		}
		return r
	}, code)
}

// WrongSecret has the length of a good one and matches none.
func WrongSecret() string { return "wrong-" + RandomCode(12) }

// Letters are those of the alphabet that user codes are made of.
const Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// SwapCase turns upper case letters into lower case ones and the other way.
func SwapCase(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		}
		return r
	}, s)
}

// held is a code, by the member that gave it.
type held struct{ member, code string }

// issued are the codes that a server gave out.
type issued struct {
	starts  []*Exchange       // that gave them
	holders map[held][]string // the flows that got a code
	merged  [][2]*Exchange    // one got the device code of the other
	sharing map[string]bool   // flows whose device code others have got as well
	unread  bool              // pace is measured before a code is looked up
}

func issuedIn(all []*Exchange) issued {
	out := issued{holders: map[held][]string{}}
	for _, x := range all {
		if x.Op != OpStart || !x.HasCodes() {
			continue
		}
		out.starts = append(out.starts, x)
		for _, m := range []string{"device_code", "user_code"} {
			if code := x.Text(m); code != "" && !slices.Contains(out.holders[held{m, code}], x.Flow) {
				out.holders[held{m, code}] = append(out.holders[held{m, code}], x.Flow)
			}
		}
	}
	out.merged, out.sharing = mergedIn(out.starts), map[string]bool{}
	for code, flows := range out.holders {
		for _, f := range flows {
			out.sharing[f] = out.sharing[f] || code.member == "device_code" && len(flows) > 1
		}
	}
	out.unread = out.slowsUnread(all)
	return out
}

// slowsUnread reports whether a code that nobody issued, or none, was refused at one time and
// answered slow_down at another: so the server measures pace before it looks a code up.
func (i issued) slowsUnread(all []*Exchange) bool {
	refused, slowed := map[string]bool{}, map[string]bool{}
	for _, x := range all {
		if x.Request.Params == nil || !i.unissued(x) {
			continue
		}
		code, _ := x.Request.Params.Get("device_code")
		refused[code] = refused[code] || x.Class() == 4 && x.ErrorCode() != "" && !x.StillPending()
		slowed[code] = slowed[code] || x.ErrorCode() == spec.ErrSlowDown
		if refused[code] && slowed[code] {
			return true
		}
	}
	return false
}

// unissued reports whether a poll has no device code that the server gave out.
func (i issued) unissued(x *Exchange) bool {
	grant, _ := x.Request.Params.Get("grant_type")
	return x.Op == OpToken && grant != spec.GrantRefreshToken && !i.names(x)
}

// names reports whether a request has a device code that the server gave out.
func (i issued) names(x *Exchange) bool {
	code, _ := x.Request.Params.Get("device_code")
	return len(i.holders[held{"device_code", code}]) > 0
}

// slowedUnread reports whether an answer is a slow_down that says nothing of the poll's code:
// the server did not issue that, and says slow_down before it looks one up (ruling R171).
func (e *Evidence) slowedUnread(x *Exchange) bool {
	return e != nil && e.issued != nil && x.ErrorCode() == spec.ErrSlowDown && e.issued().unread && e.issued().unissued(x)
}

// Authorizations returns the device authorization responses of the whole run that hold
// codes, for statistics of what the server issues.
func (e *Evidence) Authorizations() []*Exchange { return slices.Clone(e.issued().starts) }

// SharesCode reports whether another start of the run got one of the flow's codes, so
// that it may be decided with that one.
func (e *Evidence) SharesCode(flow string) bool {
	begun := e.Authorization(flow)
	return begun != nil && slices.ContainsFunc([]string{"device_code", "user_code"}, func(m string) bool {
		others := func(holder string) bool { return holder != flow }
		return slices.ContainsFunc(e.issued().holders[held{m, begun.Text(m)}], others)
	})
}

// A server that takes the next device for one that asks again gives both one code. One
// check tells it (ruling R151); what else rests on such a code is open.
const (
	mergedOwner   = "DF-AUTHZ-010"
	mergesDevices = "the server gives several devices one code, so that a person who approves one of them approves all"
)

// enoughMerged is how many device authorization requests must have got the codes of an
// earlier one until that is how the server is.
const enoughMerged = 3

// mergedIn pairs each response that repeats the device code of an earlier one with that
// one. Requests that were in flight together are no such pair: what they share they have
// got in a race (DF-CONC-003).
func mergedIn(starts []*Exchange) (pairs [][2]*Exchange) {
	first := map[string]*Exchange{}
	for _, x := range starts {
		code := x.Text("device_code")
		switch y := first[code]; {
		case y == nil || code == "":
			first[code] = x
		case y.Received <= x.Sent:
			pairs = append(pairs, [2]*Exchange{y, x})
		}
	}
	return pairs
}

// merges reports whether the server gives the codes of one device to others, and a check
// of the run tells that.
func (e *Evidence) merges() bool {
	if e == nil || e.issued == nil || len(e.issued().merged) < enoughMerged {
		return false
	}
	_, told := e.runs(mergedOwner)
	return told
}

// tellsMerged reports whether a finding that cites xs is the one that tells it. Where a
// user's document lets a device name itself, one that always names the same gets one code.
func (e *Evidence) tellsMerged(check string, xs []*Exchange) bool {
	return check == mergedOwner && e.sameDevice() == "" &&
		slices.ContainsFunc(xs, func(x *Exchange) bool { return x.Op == OpStart })
}

// merged reports whether a finding of a check that cites xs rests on codes that several
// devices have got, or is about all codes. Two redemptions of one code are wrong whoever has it.
func (e *Evidence) merged(xs []*Exchange, all bool) bool {
	if !e.merges() || redeemedTwice(xs) {
		return false
	}
	return all || slices.ContainsFunc(xs, func(x *Exchange) bool {
		if x == nil {
			return false
		}
		code, _ := x.Request.Params.Get("device_code")
		return x.Flow != "" && e.issued().sharing[x.Flow] || len(e.issued().holders[held{"device_code", code}]) > 1
	})
}

func redeemedTwice(xs []*Exchange) bool {
	for i, x := range xs {
		again := func(y *Exchange) bool { return y != nil && y.HasTokens() && sameGrant(x, y) }
		if x != nil && x.HasTokens() && slices.ContainsFunc(xs[:i], again) {
			return true
		}
	}
	return false
}

// merging adds that to the check which is to tell it, where its own requests did not
// show it.
func (e *Evidence) merging(c Check, j *Judgement) {
	if c.ID != mergedOwner || !e.merges() || slices.ContainsFunc(j.findings, func(f reports.Finding) bool {
		return f.Verdict == reports.Fail && strings.Contains(f.Actual, mergesDevices)
	}) {
		return
	}
	pair := e.issued().merged[0]
	j.Fail("a different device_code for each device authorization request",
		fmt.Sprintf("%s for both", pair[0].Text("device_code")), pair[:]...)
}

// because adds to a reason that rests on xs what the server does to their codes, and who
// tells it.
func (e *Evidence) because(reason, check string, xs []*Exchange) string {
	told, owner := "", mergedOwner
	switch {
	case e.evicted(xs):
		told, owner = e.evictions().told, e.evictions().owner
	case e.merged(xs, false):
		told = mergesDevices + e.namedAlike()
	}
	if told == "" || strings.Contains(reason, told) {
		return reason
	}
	return elsewhere(reason+"; "+told, owner, check)
}
