package checks

import (
	"regexp"
	"strings"
)

// english are the words by which pages in English are known to say something. They are
// wide: what says it in any way passes.
var english = struct{ Compare, Warning, Refuse, Close, Origin, Granted, Return *regexp.Regexp }{
	Compare: said(`same (user )?code`, `(shows?|showing|displays?|displaying) (you )?(this|the same|the following) (user )?code`, `match(es)?\b`, `compare`,
		`(verify|check|confirm|ensure|make sure)( that| if| whether)? (this|the|your) (following )?(user )?code`, `is (this|it) the (same )?code`,
		`see (this|the same) code`, `(verify|check|confirm|ensure|make sure).{0,40} (shows?|displays?) .{0,20}\bcode`,
		`(verify|check|confirm|ensure|make sure).{0,30} is the code`, `(does|is) (your|the) [a-z ]+ (show|display)`, `only if .{0,60}\bcode`),
	Warning: said(`(did ?n[o'’]?t|did not|have not|haven[’']t|were not|weren[’']t|are not|aren[’']t|do not|don[’']t) `+
		`(yourself )?(just )?(start|begin|request|initiate|expect|ask|recogni[sz]e|make|trigger|try|trying|know)`,
		`(only|just) (if|when) you (yourself )?(have |just |are |were )?(start|request|initiat|begin|began|ask|connect|sign|set|try)`, `unless you`, `you (yourself )?(started|requested|initiated) this`, `did you (start|request|initiate)`,
		`(someone|somebody|anyone|anybody)( else)? (may|might|could|sent|gave|asked|is trying)`, `(never|don[’']t|do not) (share|approve|enter|continue|go on|proceed|accept|allow)`,
		`phish`, `scam`, `unaware of`, `not expecting`, `unexpected`),
	Refuse:  said(`deny|den(ied|ies)`, `cancel`, `refuse`, `reject`, `decline`, `abort`, `disallow`, `disagree`, `^no\b`, `not (now|me|my)`, `don[’']t allow`, `block`),
	Close:   said(`close (this|the|your) (page|window|tab|browser)`, `leave this page`, `(simply|just) close`),
	Origin:  said(`ip[- ]address`, `\b(location|region|city|country|place)\b`, `(requested|started|asked|asks|signing in|sign-in|request) (at|from|on|for at)\b`, `\b(seconds?|minutes?|moments?) ago\b`, `just now`, `\bnear\b`, `\b\d{1,3}(\.\d{1,3}){3}\b`),
	Granted: said(`access`, `permission`, `permit`, `scope`, `grant`, `will be able to`, `(allow|let)s? (it|this|the|[a-z0-9 -]+) to`, `share`, `(your|user) (identity|profile|data|information|account)`, `read|write|manage`),
	Return:  said(`close (this|the|your) (page|window|tab|browser)`, `(return|go back|switch back|get back) to`, `back (to|on|at) (your|the)`, `continue (on|at|with) (your|the)`, `(look at|check) (your|the) (device|tv|screen)`, `(your|the) (device|tv|application|app) (will|should|can|now)`),
}

func said(ways ...string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)` + strings.Join(ways, "|"))
}

// functionWords are in every English sentence or two.
var functionWords = regexp.MustCompile(`(?i)\b(the|this|that|you|your|to|of|and|is|for|with|if|on|not|will|have|it|by)\b`)

// inEnglish reports whether a text is English, as far as its commonest words tell. Where a
// page says that it is, one of them is enough.
func inEnglish(text, language string) bool {
	seen := map[string]bool{}
	for _, w := range functionWords.FindAllString(text, -1) {
		seen[strings.ToLower(w)] = true
	}
	return len(seen) >= 3 || len(seen) > 0 && strings.HasPrefix(strings.ToLower(language), "en")
}
