package reports

import (
	"fmt"
	"text/tabwriter"
)

func (p *printer) forecast(f *Forecast) {
	r := f.Rates
	p.printf("\n%d devices that poll every %g s, codes that live %g s:\n", f.Devices, f.IntervalSeconds, f.LifetimeSeconds)
	p.printf("  %.0f polls, %.0f starts and %.0f tokens a second: %.0f requests\n", r.PollsPerSecond, r.StartsPerSecond, r.TokensPerSecond, r.RequestsPerSecond)
	p.printf("  %.1f polls a flow, %.1f %% of polls are told to wait; an approved device waits %.1f s for its next poll on average\n",
		r.PollsPerFlow, 100*r.PollWaste, r.TokenWaitSeconds)
	p.printf("  %.0f requests under way; %.0f connections when each device keeps one, %.0f new ones a second when none does\n",
		r.InFlight, r.KeptConnections, r.NewConnectionsPerSecond)
	p.printf("  %s to the server, %s from it, without what TLS and TCP add\n", bits(r.BytesInPerSecond), bits(r.BytesOutPerSecond))
	if f.Shard.RequestsPerSecond > 0 {
		p.printf("  %d load generators that send %.0f requests a second each", r.Shards, f.Shard.RequestsPerSecond)
	}
	if f.Shard.CPUMicroseconds > 0 {
		p.printf(" (this machine: %.1f µs of processor time for a request, %d processors, of which it may take 70 %%)", f.Shard.CPUMicroseconds, f.Shard.Processors)
	}
	p.printf("\n\nother intervals:\n")
	tw := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tw, "interval\tpolls/s\tsaved\tto the server\tfrom it\tgenerators\twait for the token\t\n")
	for _, o := range f.Others {
		fmt.Fprintf(tw, "%g s\t%.0f\t%.0f %%\t%s\t%s\t%d\t%.1f s\t\n", o.IntervalSeconds, o.PollsPerSecond, 100*(1-o.PollsPerSecond/r.PollsPerSecond),
			bits(o.BytesInPerSecond), bits(o.BytesOutPerSecond), o.Shards, o.TokenWaitSeconds)
	}
	if p.err == nil {
		p.err = tw.Flush()
	}
	for _, n := range f.Notes {
		p.printf("note: %s\n", legible(n))
	}
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
