package checks

import (
	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// Numbers of device authorization requests that follow from a contract, for plans.

// startsIn is n where device authorization requests can be sent in an encoding.
func startsIn(enc spec.Encoding, n int) func(*Facts) int { return countIn(OpStart, enc, n) }

// pollsIn is n where polls can be sent in an encoding: one start for each of them.
func pollsIn(enc spec.Encoding, n int) func(*Facts) int { return countIn(OpToken, enc, n) }

func countIn(op Operation, enc spec.Encoding, n int) func(*Facts) int {
	return func(f *Facts) int {
		if f.Declared(op).Accepts(enc) {
			return n
		}
		return 0
	}
}

// together adds up.
func together(parts ...func(*Facts) int) func(*Facts) int {
	return func(f *Facts) int {
		n := 0
		for _, part := range parts {
			n += part(f)
		}
		return n
	}
}

// exactly is the same for every contract.
func exactly(n int) func(*Facts) int { return func(*Facts) int { return n } }

// inEach is n for each encoding of the device authorization request.
func inEach(n func(*Facts) int) func(*Facts) int {
	return func(f *Facts) int { return len(f.Declared(OpStart).Encodings) * n(f) }
}

// where is n where the target has a power.
func where(power Capability, n int) func(*Facts) int {
	return func(f *Facts) int { return n * f.Count(power) }
}
