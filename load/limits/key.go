package limits

import "context"

// innermost reports whether everything else differs in the key as well, so that nothing
// more can be compared.
func innermost(key string) bool { return key == keyCode || key == keySession }

// other is a request that differs from those that a limiter refuses in one thing.
type other struct {
	what string
	ask  func(ctx context.Context) answer
}

// attempts are how often a limiter is compared with itself that recovers so fast that
// it may have served again in between.
const attempts = 5

// apart reports whether a limiter serves another request while it refuses this one. known
// is false where that cannot be told. burst is how many the other one has at most.
func (m *measurement) apart(ctx context.Context, o other, burst int) (yes, known bool, err error) {
	want := min(2, burst)
	for range attempts {
		if _, err := m.drain(ctx, 2*burst+lasting); err != nil {
			return false, false, err
		}
		*m.left--
		a := o.ask(ctx)
		if ctx.Err() != nil {
			return false, false, ctx.Err()
		}
		if a.verdict != served { // one without an answer, as from an address that does not reach the server, tells nothing
			return false, a.verdict == putOff, nil
		}
		again, err := m.one(ctx)
		if err != nil {
			return false, false, err
		}
		if !again {
			if want--; want == 0 {
				return true, true, nil
			}
		}
	}
	return false, false, nil
}
