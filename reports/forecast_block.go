package reports

import (
	"fmt"
	"reflect"
)

// blocks are a plan in words and a table.
func (f *Forecast) blocks() []block {
	r := f.Rates
	b := block{title: fmt.Sprintf("%s, polling every %g s, codes live %g s:", plural(f.Devices, "device"),
		f.IntervalSeconds, f.LifetimeSeconds)}
	b.add("  %s polls, %s device authorizations and %s tokens a second: %s requests", figure(r.PollsPerSecond),
		figure(r.StartsPerSecond), figure(r.TokensPerSecond), figure(r.RequestsPerSecond))
	b.add("  each flow polls %s times on average, %.1f %% of polls are told to wait; "+
		"an approved device waits %.1f s for its next poll on average",
		figure(r.PollsPerFlow), 100*r.PollWaste, r.TokenWaitSeconds)
	b.add("  %s requests in flight; %s when each device keeps one, %s new ones a second when none does",
		figure(r.InFlight), plural(uint64(r.KeptConnections), "connection"), figure(r.NewConnectionsPerSecond))
	b.add("  %s to the server, %s from it, without what TLS and TCP add", bits(r.BytesInPerSecond),
		bits(r.BytesOutPerSecond))
	if text := f.generators(); text != "" {
		b.add("  %s", text)
	}
	if s := f.Shard; s.Devices > 0 {
		b.add("  each carries %s and %s requests a second, and needs %s of memory", plural(s.Devices, "device"),
			figure(s.SentPerSecond), amount(s.MemoryBytes))
	}
	if f.Manifest != "" {
		b.add("  for Kubernetes: %s", f.Manifest)
	}
	var notes block
	notes.notes(f.Notes)
	return []block{b, f.otherIntervals(), f.inFull(), notes}
}

// generators is how many machines it takes to try this.
func (f *Forecast) generators() string {
	text := ""
	if f.Shard.RequestsPerSecond > 0 {
		text = fmt.Sprintf("%s, at up to %s requests a second each", plural(f.Rates.Shards, "load generator"),
			figure(f.Shard.RequestsPerSecond))
	}
	if f.Shard.CPUMicroseconds > 0 {
		text += fmt.Sprintf(" (this machine: %.1f µs of processor time for a request, %s, of which it may take 70 %%)",
			f.Shard.CPUMicroseconds, plural(f.Shard.Processors, "processor"))
	}
	return text
}

// otherIntervals is a table of the same crowd at other intervals.
func (f *Forecast) otherIntervals() (b block) {
	if len(f.Others) == 0 {
		return b
	}
	b.title = "other intervals:"
	b.table = [][]string{{"interval", "polls/s", fmt.Sprintf("compared with %g s", f.IntervalSeconds), "to the server",
		"from it", "generators", "wait for the token"}}
	for _, o := range f.Others {
		b.table = append(b.table, []string{fmt.Sprintf("%g s", o.IntervalSeconds), figure(o.PollsPerSecond),
			change(o.PollsPerSecond, f.Rates.PollsPerSecond), bits(o.BytesInPerSecond), bits(o.BytesOutPerSecond),
			grouped(o.Shards), fmt.Sprintf("%.1f s", o.TokenWaitSeconds)})
	}
	return b
}

// inFull is every figure at every interval.
func (f *Forecast) inFull() block {
	b := block{title: "all figures", detail: true, table: [][]string{{"figure", "as planned"}}}
	columns := [][]figureOf{figuresOf("", reflect.ValueOf(f.Rates))}
	for _, o := range f.Others {
		b.table[0] = append(b.table[0], fmt.Sprintf("at %g s", o.IntervalSeconds))
		columns = append(columns, figuresOf("", reflect.ValueOf(o)))
	}
	b.table = append(b.table, rowsOf(columns)...)
	return b
}

// change is a rate beside another, as people say it.
func change(rate, before float64) string {
	percent := 100 * (rate/before - 1)
	switch {
	case percent >= 900:
		return figure(rate/before) + " times as many"
	case percent <= -0.5:
		return fmt.Sprintf("%.0f %% fewer", -percent)
	case percent >= 0.5:
		return fmt.Sprintf("%.0f %% more", percent)
	}
	return "as many"
}

// bits is a rate of bytes as networks are sold.
func bits(bytesPerSecond float64) string {
	v := 8 * bytesPerSecond
	for _, unit := range []string{"bit/s", "kbit/s", "Mbit/s"} {
		if v < 1000 {
			return fmt.Sprintf("%.1f %s", v, unit)
		}
		v /= 1000
	}
	return fmt.Sprintf("%.1f Gbit/s", v)
}
