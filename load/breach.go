package load

import (
	"time"

	"github.com/dfcheck/dfcheck/reports"
)

// lookForBreach is how often a run looks whether it should end.
const lookForBreach = 5 * time.Second

// endOnBreach ends the run when a threshold is out of reach, until done.
func (sim *simulation) endOnBreach(done <-chan struct{}) {
	sim.look(lookForBreach, done, func(l *reports.Load) (more bool) {
		l.Shard.Seconds = time.Duration(sim.schedule.now()).Seconds()
		return !sim.endOutOfReach(l)
	})
}

// look hands out the figures so far at each tick, until done or until see returns false.
func (sim *simulation) look(every time.Duration, done <-chan struct{}, see func(*reports.Load) (more bool)) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-done:
			return
		case <-t.C:
			l, err := sim.report(false)
			if err != nil {
				continue // the end says it
			}
			if !see(l) {
				return
			}
		}
	}
}

// endOutOfReach ends the run when these figures put a threshold out of reach, and
// reports whether they do.
func (sim *simulation) endOutOfReach(l *reports.Load) bool {
	lost := OutOfReach(l)
	if lost == "" {
		return false
	}
	sim.breach.Store(&lost)
	sim.schedule.stop()
	return true
}
