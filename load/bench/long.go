//go:build linux

package main

import (
	"fmt"
	"syscall"
	"time"
)

// frozen stops the server for a second in the middle of a run. The truth is
// that who came at its beginning waited that second.
func (b *bench) frozen() error {
	s, err := b.serve("-interval", "5")
	if err != nil {
		return err
	}
	defer s.stop()
	frozen := time.AfterFunc(9*time.Second, func() {
		_ = s.process.Signal(syscall.SIGSTOP) // it is our child
		time.Sleep(time.Second)
		_ = s.process.Signal(syscall.SIGCONT)
	})
	defer frozen.Stop()
	_, l, err := b.crowd(s, 25_000, 15*time.Second)
	if err != nil {
		return err
	}
	worst := 0.0
	for _, second := range l.Timeline {
		worst = max(worst, second.P99/1000)
	}
	b.note("frozen", worst)
	if l.Client.Saturated {
		return fmt.Errorf("the frozen server was taken for a slow client: %s", l.Client.Why)
	}
	return nil
}

// Both crowds poll 10,000 times a second: the million every 100 s, the thousand
// every 100 ms, as only devices do that ignore the interval.
const (
	thousand = "name: thousand\ndevices: 1000\nduration: 25s\narrivals: {kind: ramp, over: 1s}\n" +
		"groups: [{name: hasty, behaviour: {early_by: 4900ms}}]\n"
	million = "name: million\ndevices: 1000000\nduration: 125s\narrivals: {kind: ramp, over: 100s}\n" +
		"groups: [{name: patient}]\n"
)

// million compares the cost of a poll when the crowd is polling and nothing
// else, and takes the peak of the larger crowd's memory.
func (b *bench) million() error {
	few, _, err := b.window("thousand", thousand, "5", 8*time.Second, 15*time.Second)
	if err != nil {
		return err
	}
	many, peak, err := b.window("million", million, "100", 106*time.Second, 15*time.Second)
	if err != nil {
		return err
	}
	b.note("growth", many/few)
	b.note("memory", float64(peak)/1e6)
	return nil
}

// window is the processor time of a poll in seconds, in a part of a run, and
// the peak of the whole run's memory in bytes.
func (b *bench) window(name, profile, interval string, from, length time.Duration) (
	perPoll float64, peak int64, err error,
) {
	s, err := b.serve("-interval", interval)
	if err != nil {
		return 0, 0, err
	}
	defer s.stop()
	c, err := b.start(s, "dfcheck", crowdArgs(s, "--profile", b.file(name+".yaml", profile))...)
	if err != nil {
		return 0, 0, err
	}
	time.Sleep(from)
	spent, asked, err := c.sofar()
	if err != nil {
		return 0, 0, fmt.Errorf("%w: %w", err, c.wait())
	}
	time.Sleep(length)
	spent2, asked2, err := c.sofar()
	if err != nil {
		return 0, 0, err
	}
	if err := c.wait(); err != nil {
		return 0, 0, err
	}
	if asked2-asked < 0.9*10_000*length.Seconds() {
		return 0, 0, fmt.Errorf("%s: only %.0f polls in %s", name, asked2-asked, length)
	}
	return (spent2 - spent) / (asked2 - asked), c.peak(), nil
}
