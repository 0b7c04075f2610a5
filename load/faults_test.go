package load

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/dfcheck/dfcheck/spec/refserver"
)

var update = flag.Bool("update", false, "write the table of faults in README.md")

// unseen says why the other faults break no promise to polling devices: by the
// group of their requirement, or by name in the groups that are about polling.
var unseen = map[string]string{
	"DISC":     "devices do not read metadata",
	"AUTHZ":    "one device authorization shows it as well as many",
	"USERCODE": "it is about the verification page, or about codes that somebody guesses",
	"CLIENT":   "the crowd is one client, with the right credentials",
	"CTYPE":    "devices do not send such bodies",
	"TOKEN":    "what is in a token is the same for one device and for many",
	"ERR":      "devices do not send requests that are answered so",
	"HTTP":     "devices use POST, and the paths as they are published",
	"SEC":      "devices send no hostile requests",
	"CONSENT":  "devices do not see the pages of a decision",
	"REFRESH":  "the crowd does not use its tokens",
	"REVOKE":   "the crowd gives no token back",
	"IDTOKEN":  "the crowd does not read its tokens",
	"DPOP":     "the devices of the crowd have no keys",
	"ASSERT":   "the crowd is one client, with the right credentials",
	"MTLS":     "the crowd is one client, with the right credentials",
	"DOC":      "devices do not compare answers with a document",

	"first-poll-slowed":     "a device that obeys is served from its second poll on",
	"first-poll-refused":    "the first poll of a device comes an interval after its device authorization",
	"interval-doubled":      "it takes two slow_downs, and a device that obeys the first earns no other",
	"slow-down-understated": "devices add five seconds, whatever the body of slow_down says",
	"denial-reversible":     oneDecision, "withdrawal-ignored": oneDecision,
	"failing-denial-approves": "a decision that the page calls failed promises nothing",
	"both-decisions-kept":     oneDecision, "approval-revives": oneDecision,
	"denial-with-identity": "devices do not read more of a refusal than its error",
	"approved-for-ever":    "devices fetch their tokens within an interval",
	"expiry-forgotten":     "it takes three polls of an expired code, and devices stop after the first",
	"limiter-before-end":   "it takes two polls within half a second",
	"reuse-as-denial":      "the code is refused all the same",
	"replay-revokes-half":  "the crowd does not use its tokens",
	"redeem-unlocked":      oneAtATime, "poll-conflict": oneAtATime,
	"guesses-slow-client": ownCodes, "unknown-as-pending": ownCodes, "codes-case-insensitive": ownCodes,
	"codes-compared-by-half": ownCodes, "unknown-as-denied": ownCodes,
	"empty-code-refused-late": ownCodes, "long-code-overflows": ownCodes,
	"grant-type-defaulted": rightRequests, "grant-type-suffix": rightRequests,
	"unknown-poll-parameters-refused": rightRequests, "first-repeat-wins": rightRequests,
	"restart-forgets":     "nobody restarts the server during a load run",
	"evicts-oldest-of-50": manyCodes, "evicts-oldest-of-60": manyCodes, "evicts-oldest-of-200": manyCodes,
	"address-limit-below-a-crowd": "it takes more devices than are played here; `limited_in_pace` would show it",
	"scans-all-codes":             onlySlower, "codes-leak": onlySlower,
	"code-briefly-unknown": briefMoment, "5xx-at-decision": briefMoment,
	"entering-approves": "people of the crowd decide at once",
}

const (
	manyCodes     = "a crowd of so many codes is not played here; `live_code_refused` would show it"
	oneDecision   = "people decide once"
	onlySlower    = "it is slower, not wrong: the trend of a profile such as soak shows it"
	briefMoment   = "devices that poll once an interval seldom meet a moment so short"
	oneAtATime    = "a device sends one poll at a time"
	ownCodes      = "devices poll with their own codes"
	rightRequests = "devices send the parameters of RFC 8628"
)

// group of a requirement: POLL of DF-POLL-001.
func group(check string) string { return strings.Split(check, "-")[1] }

// Each fault of the reference server is seen by a crowd, or there is a reason why
// not; README.md has both.
func TestFaultTable(t *testing.T) {
	var table strings.Builder
	table.WriteString("| fault | breaks | violations |\n|---|---|---|\n")
	reasons := map[string][]string{}
	named := map[string]bool{}
	for _, f := range append(refserver.Faults(), refserver.LoadFaults()...) {
		named[f.Name], named[group(f.Check)] = true, true
		i := slices.IndexFunc(broken, func(b shows) bool { return b.fault == f.Name })
		why, excused := unseen[f.Name]
		if strings.HasSuffix(f.Name, "-in-ten") || strings.HasSuffix(f.Name, "-in-forty") {
			why, excused = "it is another fault, for some codes alone", true
		}
		switch {
		case i >= 0 && excused:
			t.Errorf("%s is seen, and excused all the same: %s", f.Name, why)
		case i >= 0:
			var kinds []string
			for _, v := range broken[i].kinds {
				kinds = append(kinds, "`"+v.kind+"`")
			}
			fmt.Fprintf(&table, "| %s: %s | %s | %s |\n", f.Name, f.Doc, f.Check, strings.Join(kinds, ", "))
			continue
		case !excused:
			why, excused = unseen[group(f.Check)]
		}
		if !excused {
			t.Errorf("%s (%s) breaks a promise to polling devices, perhaps: "+
				"add it to broken with what shows it, or to unseen with the reason", f.Name, f.Check)
		}
		reasons[why] = append(reasons[why], f.Name)
	}
	for name := range unseen {
		if !named[name] {
			t.Errorf("unseen has %s, which is no fault and no group of requirements", name)
		}
	}
	table.WriteString("\nThe others break no promise to polling devices:\n\n")
	for _, why := range slices.Sorted(maps.Keys(reasons)) {
		fmt.Fprintf(&table, "- %s: %s\n", why, strings.Join(reasons[why], ", "))
	}
	generated(t, table.String())
}

// generated holds the generated part of README.md, or writes it.
func generated(t *testing.T, want string) {
	t.Helper()
	const begin, end = "<!-- faults: go test ./load -run TestFaultTable -update -->\n\n", "\n<!-- end of faults -->\n"
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, opened := strings.Cut(string(text), begin)
	got, after, closed := strings.Cut(rest, end)
	switch {
	case !opened || !closed:
		t.Fatal("README.md has no place for the table of faults")
	case got == want:
	case *update:
		if err := os.WriteFile("README.md", []byte(before+begin+want+end+after), 0o666); err != nil {
			t.Fatal(err)
		}
	default:
		t.Error("the table of faults in README.md is out of date: go test ./load -run TestFaultTable -update")
	}
}
