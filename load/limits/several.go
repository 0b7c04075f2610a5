package limits

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/dfcheck/dfcheck/reports"
)

// severalCodes are as many devices as are polled with by turns.
const severalCodes = 30

// sparing is the share of what a limiter by code allows that a device takes then.
const sparing = 0.8

// behind looks for a limiter of all devices together where those of one device are
// limited by its code: a tight limit hides one that is met later.
func (r *run) behind(ctx context.Context) error {
	l := &r.out.Limiters[len(r.out.Limiters)-1]
	if !slices.Contains(l.Key, keyCode) {
		return nil
	}
	if l.PerSecond > 0 {
		for len(r.codes) < severalCodes {
			if err := sleep(ctx, time.Now().Add(time.Second/time.Duration(r.Rate))); err != nil {
				return err
			}
			a := r.start(ctx, r.one)
			if a.codes.DeviceCode == "" {
				break
			}
			r.codes = append(r.codes, a.codes.DeviceCode)
		}
	}
	if l.PerSecond == 0 || len(r.codes) < severalCodes {
		l.Notes = append(l.Notes, "a limiter of all devices together would not show behind this one")
		return ctx.Err()
	}
	return r.search(ctx, r.several(l.PerSecond))
}

// several are polls of many live codes in turn, none of them faster than a limiter by
// code allows.
func (r *run) several(perCode float64) kind {
	var turn atomic.Uint64
	codes := slices.Clone(r.codes)
	next := func(c *client) func(context.Context) answer {
		return func(ctx context.Context) answer {
			return c.ask(ctx, c.poll, codes[turn.Add(1)%uint64(len(codes))], false)
		}
	}
	k := kind{name: reports.LimitedSeveral, ask: next(r.one),
		gap: time.Duration(float64(time.Second) / (perCode * sparing * float64(len(codes))))}
	if r.two != nil && r.second != "" {
		k.others = append(k.others, other{keyClient, poll(r.two, r.second)})
	} else {
		k.open = append(k.open, keyClient)
	}
	k.address(r.away, next)
	k.related = []other{{reports.LimitedUnknown, guess(r.one)}, {reports.LimitedStarts, begin(r.one)}}
	return k
}
