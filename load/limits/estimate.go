package limits

import "time"

// pace is what the requests that were served say of a limiter.
type pace struct {
	perSecond float64
	window    time.Duration // 0: one request after the other is served again, at even times
	count     int           // of a window
}

// spell is how many refusals in a row tell a window from requests that come a little
// faster than they are served.
const spell = 3

// estimate reads requests, of which the first and the last were served after a refusal.
// Where several are served between long spells of refusals, they are those of a window.
func estimate(marks []mark) pace {
	var longest time.Duration
	groups := grouped(marks, 0)
	for _, g := range groups {
		longest = max(longest, g.wait)
	}
	groups = grouped(marks, longest/3)
	last := len(groups) - 1 // it is not whole
	if last < 1 {
		return pace{}
	}
	served, refused := 0, 0
	for i, g := range groups[:last] {
		served += g.served
		if i > 0 {
			refused += g.refused
		}
	}
	refused += groups[last].refused
	took := groups[last].began - groups[0].began
	p := pace{perSecond: float64(served) / took.Seconds()}
	if served >= 2*last && refused >= spell*last {
		p.window, p.count = took/time.Duration(last), (served+last/2)/last
	}
	return p
}

// group is requests that were served without a long wait between them.
type group struct {
	began   time.Duration
	wait    time.Duration // before it, from the first refusal on
	refused int           // in that wait
	served  int
}

// grouped cuts requests where they were refused for longer than apart.
func grouped(marks []mark, apart time.Duration) (out []group) {
	refused, since := 0, time.Duration(0)
	for _, m := range marks {
		if !m.served {
			if refused++; refused == 1 {
				since = m.at
			}
			continue
		}
		at := m.at - m.late/2
		if wait := at - since; len(out) == 0 || refused > 0 && wait > apart {
			out = append(out, group{began: at, wait: wait, refused: refused})
		}
		out[len(out)-1].served++
		refused = 0
	}
	if len(out) > 0 {
		out[0].wait = 0
	}
	return out
}
