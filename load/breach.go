package load

import "time"

// lookForBreach is how often a run looks whether it should end.
const lookForBreach = 5 * time.Second

// endOnBreach ends the run when a threshold is out of reach, until done.
func (sim *simulation) endOnBreach(done <-chan struct{}) {
	t := time.NewTicker(lookForBreach)
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
			l.Shard.Seconds = time.Duration(sim.schedule.now()).Seconds()
			if lost := OutOfReach(l); lost != "" {
				sim.breach.Store(&lost)
				sim.schedule.stop()
				return
			}
		}
	}
}
