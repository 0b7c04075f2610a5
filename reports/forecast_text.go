package reports

import (
	"fmt"
	"text/tabwriter"
)

func (p *printer) forecast(f *Forecast) {
	r := f.Rates
	p.printf("\n%s, polling every %g s, codes live %g s:\n", plural(f.Devices, "device"), f.IntervalSeconds,
		f.LifetimeSeconds)
	p.printf("  %s polls, %s device authorizations and %s tokens a second: %s requests\n", figure(r.PollsPerSecond),
		figure(r.StartsPerSecond), figure(r.TokensPerSecond), figure(r.RequestsPerSecond))
	p.printf("  each flow polls %s times on average, %.1f %% of polls are told to wait; "+
		"an approved device waits %.1f s for its next poll on average\n",
		figure(r.PollsPerFlow), 100*r.PollWaste, r.TokenWaitSeconds)
	p.printf("  %s requests in flight; %s when each device keeps one, %s new ones a second when none does\n",
		figure(r.InFlight), plural(uint64(r.KeptConnections), "connection"), figure(r.NewConnectionsPerSecond))
	p.printf("  %s to the server, %s from it, without what TLS and TCP add\n", bits(r.BytesInPerSecond),
		bits(r.BytesOutPerSecond))
	if f.Shard.RequestsPerSecond > 0 {
		p.printf("  %s, at up to %s requests a second each", plural(r.Shards, "load generator"),
			figure(f.Shard.RequestsPerSecond))
	}
	if f.Shard.CPUMicroseconds > 0 {
		p.printf(" (this machine: %.1f µs of processor time for a request, %s, of which it may take 70 %%)",
			f.Shard.CPUMicroseconds, plural(f.Shard.Processors, "processor"))
	}
	if p.printf("\n"); len(f.Others) > 0 {
		p.otherIntervals(f)
	}
	for _, n := range f.Notes {
		p.printf("note: %s\n", legible(n))
	}
}

// otherIntervals is a table of the same crowd at other intervals.
func (p *printer) otherIntervals(f *Forecast) {
	p.printf("\nother intervals:\n")
	tw := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tw, "interval\tpolls/s\tcompared with %g s\tto the server\tfrom it\tgenerators\twait for the token\t\n",
		f.IntervalSeconds)
	for _, o := range f.Others {
		fmt.Fprintf(tw, "%g s\t%s\t%s\t%s\t%s\t%s\t%.1f s\t\n", o.IntervalSeconds, figure(o.PollsPerSecond),
			change(o.PollsPerSecond, f.Rates.PollsPerSecond),
			bits(o.BytesInPerSecond), bits(o.BytesOutPerSecond), grouped(o.Shards), o.TokenWaitSeconds)
	}
	if p.err == nil {
		p.err = tw.Flush()
	}
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
