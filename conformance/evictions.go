package conformance

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// A store that keeps so many codes and ends the oldest shows wherever a code has to
// wait. One check tells it (ruling R128); what else it reaches is open.

// storeOwners are the checks that can tell it, the nearest first. The last one tells it
// from the whole recording, where none of the others met it.
var storeOwners = []string{"DF-AUTHZ-010", "DF-EXPIRY-002", "DF-POLL-022"}

// enoughGone and enoughKept are how many flows must have ended early, and how many polls
// must have been answered as due, before the number of codes is what explains it. A store
// of one code serves few polls of a busy run: fewKept are enough where manyGone ended, and
// the number explains nearly all of them.
const enoughGone, enoughKept, manyGone, fewKept = 3, 10, 10, 3

// evictions are what is known of such a store.
type evictions struct {
	gone  map[*Exchange]bool // the refusals that it explains
	told  string             // what the server does
	owner string             // the check that says so
	same  string             // a member that names a device, and named the same one each time
}

// evicted reports whether a finding that cites xs is explained by a store that ends codes.
func (e *Evidence) evicted(xs []*Exchange) bool {
	if e == nil || e.evictions == nil {
		return false
	}
	ev := e.evictions()
	return ev.owner != "" && slices.ContainsFunc(xs, func(x *Exchange) bool { return ev.gone[x] })
}

// countsAgainst are whose codes may count against whose, and what that adds to the words.
var countsAgainst = []struct {
	each     string
	together func(a, b *Exchange) bool
}{
	{"", func(a, b *Exchange) bool { return true }},
	{" to the same client", sameClient},
	{" to the same client for the same scope", func(a, b *Exchange) bool {
		one, _ := a.Request.Params.Get("scope")
		other, _ := b.Request.Params.Get("scope")
		return sameClient(a, b) && one == other
	}},
	{" for the same request", func(a, b *Exchange) bool {
		return sameClient(a, b) && slices.Equal(a.Request.Params, b.Request.Params)
	}},
}

func sameClient(a, b *Exchange) bool { return a.Request.Client == b.Request.Client }

// findEvictions looks at the whole recording. Of the ways to count the codes, that one
// is taken that explains most; of those that explain as much, the plainest.
func (e *Evidence) findEvictions() *evictions {
	ev := &evictions{}
	if e.merges() { // codes that others have decided and redeemed
		return ev
	}
	refused := slices.DeleteFunc(slices.Clone(e.all), func(x *Exchange) bool { return !e.gone(x) })
	for _, by := range countsAgainst {
		if n, gone := e.keptOf(refused, by.together); len(gone) > len(ev.gone) {
			ev.gone, ev.told = gone, evictsAfter(n, by.each)
		}
	}
	if ev.gone == nil {
		return ev
	}
	ev.same = e.sameDevice()
	ev.told += e.namedAlike()
	ev.owner = e.storeOwner(ev.gone)
	return ev
}

func evictsAfter(n int, each string) string {
	if n <= 1 {
		return "the server ends a code when another is issued" + each
	}
	return fmt.Sprintf("the server ends a code, long before its lifetime is over, when about %d others have been "+
		"issued%s since", n, each)
}

// storeOwner is the check that is to tell it: the first that met it. It is "" where
// the run was not of any.
func (e *Evidence) storeOwner(gone map[*Exchange]bool) string {
	owner := ""
	for _, id := range storeOwners {
		c, runs := e.runs(id)
		if !runs {
			continue
		}
		owner = id
		for x := range gone {
			if x.In(c.Scenarios()...) {
				return id
			}
		}
	}
	if owner != storeOwners[len(storeOwners)-1] {
		return ""
	}
	return owner
}

// runs reports whether a check is one of the run's, and can be judged there: what nobody
// else tells stays where it was met.
func (e *Evidence) runs(id string) (c Check, ok bool) {
	c, ok = e.checks.Lookup(id)
	return c, ok && slices.Contains(e.Header.Checks, id) && unable(c, e.Facts, e.Contract.Family).verdict == ""
}

// keptOf is how many codes the server keeps, of those whose starts count against each
// other, and those of the refusals that this explains: each of those codes was gone when
// more had been issued since than at any poll that was served. Nil where nothing shows
// that, or where the age of the codes explains it as well.
func (e *Evidence) keptOf(refused []*Exchange, together func(a, b *Exchange) bool) (n int, gone map[*Exchange]bool) {
	starts := slices.DeleteFunc(slices.Clone(e.all), func(x *Exchange) bool { return x.Op != OpStart || !x.HasCodes() })
	most, kept, oldest := 0, 0, time.Duration(0)
	for _, x := range e.all {
		if e.plain(x) && x.StillPending() && !e.decidedOn(x) { // a decided code may be slowed down
			start := e.startOf(x)
			surely, _ := since(starts, start, x, together)
			kept, most, oldest = kept+1, max(most, surely), max(oldest, x.Sent-start.Received)
		}
	}
	flows, least, youngest := map[string]bool{}, len(starts), time.Duration(1<<62)
	gone = map[*Exchange]bool{}
	for _, x := range refused {
		start := e.startOf(x)
		_, perhaps := since(starts, start, x, together)
		if perhaps <= most {
			continue
		}
		// what was approved may be refused for what it asks (ruling R76)
		if gone[x] = true; e.plain(x) && !e.Raced(x) && !e.decided(x.Flow) && !e.decidedOn(x) {
			flows[x.Flow] = true
			least, youngest = min(least, perhaps), min(youngest, x.Received-start.Sent)
		}
	}
	for _, ev := range e.Events { // on pages that did not know the code
		start := e.Authorization(ev.Flow)
		if start == nil || ev.Decision == nil || ev.Decision.Outcome != Refused {
			continue
		}
		if _, perhaps := since(starts, start, &Exchange{Sent: ev.At, Received: ev.At}, together); perhaps > most {
			gone[start] = true
		}
	}
	busy, explained := len(flows) >= manyGone && kept >= fewKept, len(gone)*10 >= len(refused)*9
	if len(flows) < enoughGone || kept < enoughKept && !(busy && explained) || youngest >= oldest {
		return 0, nil
	}
	return least, gone
}

// gone reports whether x refuses a code that nobody has redeemed as one that the server
// does not have.
func (e *Evidence) gone(x *Exchange) bool {
	if e == nil || x == nil || x.Op != OpToken || x.Superseded || !e.ends(x) {
		return false
	}
	start := e.startOf(x)
	return start != nil && !e.Uncertain(x) && !slices.ContainsFunc(e.redeeming(), func(y *Exchange) bool {
		return y.Sent <= x.Received && e.startOf(y) == start
	})
}

// ends reports whether an answer says that a code is over, for all that anybody decided:
// denied it is also called where nobody denied it.
func (e *Evidence) ends(x *Exchange) bool {
	return ErrorIs(spec.ErrInvalidGrant, spec.ErrExpiredToken)(x) ||
		x.ErrorCode() == spec.ErrAccessDenied && !e.denied(x.Flow, x.Received)
}

// plain reports whether x is what a live device sends, as the client that got the code.
func (e *Evidence) plain(x *Exchange) bool {
	if x.Op != OpToken || x.Flow == "" || x.Provoked || x.Superseded || x.Infrastructure() || !e.Alive(x) {
		return false
	}
	start := e.startOf(x)
	return start != nil && start.Request.Client == x.Request.Client
}

// decided reports whether a flow came to an end by itself: somebody denied it, or it gave
// tokens.
func (e *Evidence) decided(flow string) bool {
	return e.denied(flow, time.Duration(1<<62)) || slices.ContainsFunc(e.all, func(x *Exchange) bool {
		return x.Flow == flow && x.HasTokens()
	})
}

// denied reports whether the approver had begun to deny a flow before a time of the run.
func (e *Evidence) denied(flow string, before time.Duration) bool {
	return slices.ContainsFunc(e.Events, func(ev Event) bool {
		return ev.Flow == flow && ev.Decision != nil && ev.Decision.Decision == string(approve.Deny) &&
			ev.At-ev.Decision.Took < before
	})
}

// decidedOn reports whether a decision on the flow of a poll was accepted before it was
// answered.
func (e *Evidence) decidedOn(x *Exchange) bool {
	return slices.ContainsFunc(e.Events, func(ev Event) bool {
		return ev.Flow == x.Flow && ev.Decision != nil && ev.Decision.Outcome == Accepted && ev.At <= x.Received
	})
}

// since counts the codes that were issued between the start of a code and a poll: surely,
// and perhaps, for some were issued at the same moment.
func since(starts []*Exchange, start, poll *Exchange, together func(a, b *Exchange) bool) (surely, perhaps int) {
	for _, y := range starts {
		if y == start || !together(y, start) {
			continue
		}
		if y.Sent > start.Received && y.Received < poll.Sent {
			surely++
		}
		if y.Received >= start.Sent && y.Sent <= poll.Received {
			perhaps++
		}
	}
	return surely, perhaps
}

// evicting adds to the check that is to tell it what the server does, where its own
// requests did not show it.
func (e *Evidence) evicting(c Check, j *Judgement) {
	if !slices.Contains(storeOwners, c.ID) || e.evictions == nil {
		return
	}
	ev := e.evictions()
	if ev.owner != c.ID || slices.ContainsFunc(j.findings, func(f reports.Finding) bool {
		return strings.Contains(f.Actual, ev.told)
	}) {
		return
	}
	var xs []*Exchange
	for _, x := range e.all {
		if ev.gone[x] && len(xs) < enoughGone {
			xs = append(xs, x)
		}
	}
	v := reports.Fail
	if ev.same != "" {
		v = reports.Inconclusive
	}
	const expected = "a code to be kept for its lifetime, however many are issued after it"
	j.worsen(v, fmt.Sprintf("expected %s; %s", expected, ev.told))
	j.cite(v, expected, ev.told, xs)
}

// namesDevice finds members that name one device.
var namesDevice = regexp.MustCompile(`(?i)^(id|uuid|guid|udid|imei|mac)$|serial([_-]?(no|number))?$|` +
	`(device|hardware|machine|installation|terminal|box)[_-]?(id|uuid|guid|identifier|mac)$`)

// sameDevice is a member beside RFC 8628's that names a device, the same in all device
// authorization requests of a user's document; "" for none.
func (e *Evidence) sameDevice() string {
	if !e.OwnDocument() {
		return ""
	}
	same := map[string]string{}
	var names []string
	for _, x := range e.all {
		if x.Op != OpStart || x.Provoked || !x.HasCodes() {
			continue
		}
		for _, p := range x.Request.Params {
			value, seen := same[p.Name]
			if !seen && namesDevice.MatchString(p.Name) {
				same[p.Name], names = p.Value, append(names, p.Name)
			} else if seen && value != p.Value {
				names = slices.DeleteFunc(names, func(n string) bool { return n == p.Name })
			}
		}
	}
	if len(names) == 0 {
		return ""
	}
	return names[0]
}

// namedAlike tells, where all requests named one device, how to let each name another.
func (e *Evidence) namedAlike() string {
	same := e.sameDevice()
	if same == "" {
		return ""
	}
	return fmt.Sprintf("; but all device authorization requests name the same %s: where the server keeps codes by "+
		"device, let each request name another with `request: {start: {%s: \"{uuid}\"}}` in dfcheck.yaml", same, same)
}
