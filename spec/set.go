package spec

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dfcheck/dfcheck/spec/strict"
)

// Requirements come in sets, one a minor release, called by its year and number:
// 2026.1. A new check enters the newest set as provisional, and counts from the next
// minor release on. Whoever names a set gets the checks that it had, so that a release
// of dfcheck turns nobody's CI red.

// firstSet is the set of all checks that name none.
const firstSet = "2026.1"

// Sets lists the requirement sets, the oldest first.
func Sets() []string { return setsOf(catalogue()) }

func setsOf(all []Requirement) []string {
	var names []string
	for _, r := range all {
		names = append(names, r.Since)
	}
	slices.SortFunc(names, compareSets)
	return slices.Compact(names)
}

// compareSets orders sets by year and number.
func compareSets(a, b string) int {
	year := func(s string) (int, int) {
		y, n, _ := strings.Cut(s, ".")
		yy, _ := strconv.Atoi(y) // a test holds their form
		nn, _ := strconv.Atoi(n)
		return yy, nn
	}
	ay, an := year(a)
	by, bn := year(b)
	return cmp.Or(cmp.Compare(ay, by), cmp.Compare(an, bn))
}

// InSet reports whether the requirement was there when the set was made; every one is in
// the set "".
func (r Requirement) InSet(set string) bool { return set == "" || compareSets(r.Since, set) <= 0 }

// CheckSet returns an error that names the nearest set where there is none of the name.
func CheckSet(set string) error {
	if all := Sets(); set != "" && !slices.Contains(all, set) {
		return fmt.Errorf("unknown requirement set %q; the nearest is %q (%s)", set, strict.Nearest(set, all),
			strings.Join(all, ", "))
	}
	return nil
}
