package refserver

import (
	"fmt"
	"slices"
)

// anyServer are the faults that can be added to what another server answers: they change
// the answer, or answer a poll in its place, and need nothing of the server's own.
var anyServer = []string{
	"start-as-text", "interval-missing", "expires-in-as-string", "interval-negative", "verification-uri-relative",
	"start-cacheable",
	"pending-as-invalid-grant", "slow-down-for-pending", "loop-breaker", "limit-below-pace", "error-below-pace",
	"slow-down-below-pace", "address-limit-below-pace", "pending-as-401", "slow-down-as-html", "pending-cacheable",
	"pending-at-length",
	"token-type-missing", "token-storable", "token-lifetime-as-milliseconds", "tokens-as-vendor-json",
	"denial-as-expiry", "error-uri-relative", "byte-order-mark", "flaky",
}

// ForeignFaults are those of AllFaults that a Proxy can add to any server.
func ForeignFaults() []Fault {
	return slices.DeleteFunc(AllFaults(), func(f Fault) bool {
		return !isOn(BadDays(), f) && !slices.Contains(anyServer, f.Name)
	})
}

// Addable returns an error for faults that are none of ForeignFaults.
func Addable(faults ...Fault) error {
	choice := ForeignFaults()
	for _, f := range faults {
		if !isOn(choice, f) {
			return fmt.Errorf("the fault %s is made by dfcheck's own server and cannot be added to another one", f.Name)
		}
	}
	return nil
}
