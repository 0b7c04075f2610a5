package load

import (
	"context"
	"time"
)

// scrapeEvery is how often a server's own metrics are looked at.
const scrapeEvery = 5 * time.Second

// scrape looks at the server's own metrics until done, and puts them into the time line.
func (sim *simulation) scrape(ctx context.Context, read func(context.Context) (map[string]float64, error),
	done <-chan struct{}) {
	t := time.NewTicker(scrapeEvery)
	defer t.Stop()
	for {
		at := sim.schedule.now()
		found, err := read(ctx)
		sim.record.metered(at, found, err)
		select {
		case <-done:
			return
		case <-t.C:
		}
	}
}

// metered records what the server's own metrics said at an instant.
func (r *record) metered(at int64, found map[string]float64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.unread++
		r.unreadWhy = err.Error()
		return
	}
	r.timeline.second(int(max(at, 0) / int64(time.Second))).Server = found
}
