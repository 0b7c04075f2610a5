package shard

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Clock measures how far this machine's clock is from the target's, whose answers
// tell the time in whole seconds. Each answer leaves an interval for the
// difference, and the next request is sent so that its answer halves it.
type Clock struct {
	low, high time.Duration // of the target's clock minus ours
	known     bool
}

// enough is a width of the interval that no answer need halve any more.
const enough = 20 * time.Millisecond

// Measure asks until the difference is known well enough, or ctx ends; then it is
// known less well. ask sends a request and returns the time that its answer told.
func (c *Clock) Measure(ctx context.Context, ask func(context.Context) (time.Time, error)) {
	for ctx.Err() == nil {
		sent := time.Now()
		told, err := ask(ctx)
		if err != nil || !c.narrow(sent, told, time.Now()) {
			return
		}
		if c.high-c.low <= enough {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Until(c.turn(time.Now()))):
		}
	}
}

// narrow takes in an answer, and reports whether it agrees with those before: the
// machines behind an address may have clocks of their own.
func (c *Clock) narrow(sent, told, received time.Time) bool {
	low, high := told.Sub(received), told.Add(time.Second).Sub(sent)
	if c.known {
		low, high = max(low, c.low), min(high, c.high)
	}
	if low > high {
		*c = Clock{}
		return false
	}
	c.low, c.high, c.known = low, high, true
	return true
}

// turn is when our clock shows the middle of what the target's next turn of a second
// may be.
func (c *Clock) turn(now time.Time) time.Time {
	theirs := now.Add((c.low + c.high) / 2)
	return now.Add(theirs.Truncate(time.Second).Add(time.Second).Sub(theirs))
}

// Ahead is how far our clock is ahead of the target's, and how exact that is; both
// are 0 when the target told no time.
func (c *Clock) Ahead() (by, exact time.Duration) { return -(c.low + c.high) / 2, (c.high - c.low) / 2 }

// AskDate asks a server for its time with requests for a page that are without
// consequence.
func AskDate(client *http.Client, url string) func(context.Context) (time.Time, error) {
	return func(ctx context.Context) (time.Time, error) {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodHead, url, nil)
		if err != nil {
			return time.Time{}, err
		}
		answer, err := client.Do(r)
		if err != nil {
			return time.Time{}, err
		}
		answer.Body.Close()
		if answer.Header.Get("Age") != "" {
			return time.Time{}, errors.New("an answer from a cache tells an old time")
		}
		return http.ParseTime(answer.Header.Get("Date"))
	}
}
