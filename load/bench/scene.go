//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dfcheck/dfcheck/reports"
)

// measure is a figure with its limits.
type measure struct {
	name, title string
	least, most float64
}

var measures = []measure{
	{"cpu-vegeta", "CPU per request at 10,000/s, dfcheck / vegeta", 0, 0.30},
	{"cpu-k6", "CPU per request at 5,000/s, dfcheck / k6", 0, 0.17},
	{"rate-vegeta", "requests per second on one core, dfcheck / vegeta", 2.4, 0},
	{"cpu-wrk", "CPU per request saturated, dfcheck / wrk", 0, 1.6},
	{"cpu-tls", "CPU per request saturated over TLS, dfcheck / vegeta", 0, 0.75},
	{"memory", "peak MB of 1,000,000 devices polling at 10,000/s", 0, 160},
	{"lag-p50", "lag at 10,000/s, p50 in ms", 0, 0.3},
	{"lag-p99", "lag at 10,000/s, p99 in ms", 0, 2},
	{"frozen", "server frozen for 1 s at 5,000/s, p99 of that second in s", 0.90, 1.05},
	{"growth", "CPU per poll, 1,000,000 devices / 1,000, same rate", 0, 1.3},
	{"rate-polls", "for information: the same when dfcheck, like vegeta, only polls", 0, 0},
	{"us-10k", "for information: dfcheck at 10,000/s, CPU us per request", 0, 0},
	{"us-max", "for information: dfcheck saturated, CPU us per request", 0, 0},
	{"rate-max", "for information: dfcheck saturated, requests per second", 0, 0},
	{"hostclient-10k", "CPU per request at 10,000/s, fasthttp's client / ours", 1.1, 0},
	{"hostclient-max", "CPU per request saturated, fasthttp's client / ours", 1.1, 0},
	{"nosendrecv-10k", "CPU per request at 10,000/s, Write and Read / ours", 1.1, 0},
	{"nosendrecv-max", "CPU per request saturated, Write and Read / ours", 1.1, 0},
	{"noraw-10k", "CPU per request at 10,000/s, calls told to the scheduler / ours", 1.1, 0},
	{"noraw-max", "CPU per request saturated, calls told to the scheduler / ours", 1.1, 0},
}

func (m measure) limit() string {
	switch {
	case m.least > 0 && m.most > 0:
		return fmt.Sprintf("%g to %g", m.least, m.most)
	case m.least > 0:
		return fmt.Sprintf(">= %g", m.least)
	case m.most > 0:
		return fmt.Sprintf("<= %g", m.most)
	}
	return ""
}

// scene is a set of runs that are compared with each other.
type scene struct {
	name string
	play func(*bench) error
}

var scenes = []scene{{"rate", (*bench).rate}, {"k6", (*bench).k6}, {"max", (*bench).max}, {"tls", (*bench).tls},
	{"frozen", (*bench).frozen}, {"million", (*bench).million}, {"client", (*bench).client}}

func sceneNames() []string {
	return []string{"rate", "k6", "max", "tls", "frozen", "million", "client"}
}

func chosen(only string) ([]scene, error) {
	if only == "" {
		return scenes, nil
	}
	var out []scene
	for name := range strings.SplitSeq(only, ",") {
		found := false
		for _, s := range scenes {
			if s.name == name {
				out, found = append(out, s), true
			}
		}
		if !found {
			return nil, fmt.Errorf("no scene %q; there are %s", name, strings.Join(sceneNames(), ", "))
		}
	}
	return out, nil
}

func crowdArgs(s *server, more ...string) []string {
	return append([]string{"load", "--host", s.url, "--spec", "documented-v1"}, more...)
}

// crowd is dfcheck with devices that poll every five seconds.
func (b *bench) crowd(s *server, devices int, duration time.Duration, more ...string) (cost, *reports.Load, error) {
	return b.crowdOf("dfcheck", s, devices, duration, more...)
}

// crowdOf is a crowd of another build of dfcheck.
func (b *bench) crowdOf(tool string, s *server, devices int, duration time.Duration, more ...string) (
	cost, *reports.Load, error) {
	report := filepath.Join(b.lab, "load.json")
	args := crowdArgs(s, "--devices", fmt.Sprint(devices), "--ramp", "5s", "--duration", duration.String(),
		"--report", "json="+report)
	c, err := b.run(s, tool, append(args, more...)...)
	if err != nil {
		return c, nil, err
	}
	l, err := section(report)
	return c, l, err
}

func section(path string) (*reports.Load, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := &reports.Report{}
	if err := json.Unmarshal(data, r); err != nil {
		return nil, err
	}
	return r.Load, nil
}

func (b *bench) vegeta(s *server, args ...string) (cost, error) {
	return b.run(s, "vegeta", append([]string{"attack", "-targets", s.targets, "-output", "/dev/null"}, args...)...)
}

func (b *bench) rate() error {
	s, err := b.serve("-interval", "5")
	if err != nil {
		return err
	}
	defer s.stop()
	ours, l, err := b.crowd(s, 50_000, 15*time.Second)
	if err != nil {
		return err
	}
	theirs, err := b.vegeta(s, "-rate", "10000/1s", "-max-workers", "256", "-duration", "12s")
	b.note("cpu-vegeta", ours.perRequest()/theirs.perRequest())
	b.note("us-10k", ours.perRequest()*1e6)
	b.note("lag-p50", l.Lag.P50)
	b.note("lag-p99", l.Lag.P99)
	return err
}

const script = `import http from 'k6/http';
export const options = {scenarios: {p: {executor: 'constant-arrival-rate', rate: 5000, timeUnit: '1s',
	duration: '10s', preAllocatedVUs: 256}}};
export default () => http.post('%s/api/v1/oauth/token', '%s',
	{headers: {'Content-Type': 'application/x-www-form-urlencoded'}});
`

func (b *bench) k6() error {
	if b.tools["k6"] == "" {
		return nil
	}
	s, err := b.serve("-interval", "5")
	if err != nil {
		return err
	}
	defer s.stop()
	theirs, err := b.run(s, "k6", "run", "--quiet", "--no-usage-report",
		b.file("poll.js", fmt.Sprintf(script, s.url, poll)))
	if err != nil {
		return err
	}
	ours, _, err := b.crowd(s, 25_000, 15*time.Second)
	b.note("cpu-k6", ours.perRequest()/theirs.perRequest())
	return err
}

// hasty devices poll every 100 ms and want more than one core can do.
const hasty = "name: hasty\ndevices: 20000\nduration: 8s\narrivals: {kind: ramp, over: 1s}\n" +
	"groups: [{name: hasty, behaviour: {early_by: 4900ms}}]\n"

// max lets everybody do what one core can. More devices than can be served
// keep dfcheck busy to the end.
func (b *bench) max() error {
	s, err := b.serve("-interval", "5")
	if err != nil {
		return err
	}
	defer s.stop()
	ours, _, err := b.crowd(s, 800_000, 12*time.Second)
	if err != nil {
		return err
	}
	theirs, err := b.vegeta(s, "-rate", "0", "-workers", "64", "-max-workers", "64", "-duration", "6s")
	if err != nil {
		return err
	}
	polls, err := b.run(s, "dfcheck", crowdArgs(s, "--profile", b.file("hasty.yaml", hasty))...)
	if err != nil {
		return err
	}
	b.note("rate-vegeta", ours.rate()/theirs.rate())
	b.note("rate-polls", polls.rate()/theirs.rate())
	b.note("us-max", ours.perRequest()*1e6)
	b.note("rate-max", ours.rate())
	if b.tools["wrk"] == "" {
		return nil
	}
	text := fmt.Sprintf("wrk.method, wrk.body = \"POST\", %q\n"+
		"wrk.headers[\"Content-Type\"] = \"application/x-www-form-urlencoded\"\n", poll)
	theirs, err = b.run(s, "wrk", "-t1", "-c64", "-d6s", "-s", b.file("poll.lua", text), s.url+"/api/v1/oauth/token")
	b.note("cpu-wrk", ours.perRequest()/theirs.perRequest())
	return err
}

func (b *bench) tls() error {
	ca := filepath.Join(b.lab, "ca.pem")
	s, err := b.serve("-interval", "5", "-tls", ca)
	if err != nil {
		return err
	}
	defer s.stop()
	ours, _, err := b.crowd(s, 600_000, 12*time.Second, "--ca-file", ca)
	if err != nil {
		return err
	}
	theirs, err := b.vegeta(s, "-rate", "0", "-workers", "64", "-max-workers", "64", "-duration", "6s",
		"-root-certs", ca, "-http2=false")
	b.note("cpu-tls", ours.perRequest()/theirs.perRequest())
	return err
}
