//go:build linux

// Bench measures what a poll costs dfcheck and the tools a user could pick
// instead, all against one server in one run: make bench-peers. Clients run on
// one core and the server on another; the server counts the requests and the
// kernel the processor time, so nothing rests on what a tool says of itself.
// Machines are shared, so figures are ratios within a round and medians of
// rounds.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

var (
	rounds = flag.Int("rounds", 3, "how often everything is measured")
	only   = flag.String("only", "", "measure only `SCENES`: "+strings.Join(sceneNames(), ", "))
	lab    = flag.String("lab", filepath.Join(os.TempDir(), "dfcheck-bench"),
		"folder for the tools and what they print")
	dfcheck = flag.String("dfcheck", "", "measure this `PROGRAM` instead of the one of this source tree")
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("bench: ")
	flag.Parse()
	scenes, err := chosen(*only)
	if err != nil {
		log.Fatal(err)
	}
	b, err := prepare(*lab)
	if err != nil {
		log.Fatal(err)
	}
	for n := range *rounds {
		for _, s := range scenes {
			log.Printf("round %d of %d: %s", n+1, *rounds, s.name)
			if err := s.play(b); err != nil {
				b.missing = append(b.missing, fmt.Sprintf("%s in round %d: %v", s.name, n+1, err))
			}
		}
	}
	if !b.print() {
		os.Exit(1)
	}
}

// bench is the tools, and the figures so far.
type bench struct {
	lab     string
	tools   map[string]string // those that are there
	missing []string
	figures map[string][]float64
}

func prepare(lab string) (*bench, error) {
	b := &bench{lab: lab, tools: map[string]string{}, figures: map[string][]float64{}}
	if err := os.MkdirAll(lab, 0o755); err != nil {
		return nil, err
	}
	for _, t := range []struct {
		name, source string
		again        bool // build it, whether or not it is there
	}{
		{"dfcheck", "./cmd/dfcheck", true},
		{"tokenserver", "./load/bench/tokenserver", true},
		{"vegeta", "github.com/tsenart/vegeta/v12@v12.13.0", false},
		{"k6", "go.k6.io/k6@v1.8.1", false},
	} {
		path := filepath.Join(lab, t.name)
		if t.name == "dfcheck" && *dfcheck != "" {
			b.tools[t.name] = *dfcheck
			continue
		}
		if _, err := os.Stat(path); err != nil || t.again {
			if err := build(path, t.source); err != nil {
				if t.name != "k6" {
					return nil, err
				}
				b.missing = append(b.missing, fmt.Sprintf("k6: %v", err))
				continue
			}
		}
		b.tools[t.name] = path
	}
	for name, hint := range map[string]string{"wrk": "install the package wrk", "taskset": "install util-linux"} {
		path, err := exec.LookPath(name)
		if err != nil {
			b.missing = append(b.missing, name+": "+hint)
			continue
		}
		b.tools[name] = path
	}
	if b.tools["taskset"] == "" {
		return nil, fmt.Errorf("%s", b.missing)
	}
	return b, nil
}

// build makes a program of this module or of another.
func build(path, source string) error {
	c := exec.Command("go", "build", "-o", path, source)
	if strings.Contains(source, "@") {
		log.Printf("building %s, which takes minutes", source)
		c = exec.Command("go", "install", source)
		c.Env = append(os.Environ(), "GOBIN="+filepath.Dir(path), "GOFLAGS=")
	}
	if out, err := c.CombinedOutput(); err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return fmt.Errorf("%w: %s", err, lines[len(lines)-1])
	}
	return nil
}

// file writes a file for a tool and returns its path. When that cannot be done
// it panics, which stops the servers on its way.
func (b *bench) file(name, text string) string {
	path := filepath.Join(b.lab, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		panic(err)
	}
	return path
}

func (b *bench) note(measure string, value float64) {
	b.figures[measure] = append(b.figures[measure], value)
}

// print shows the table and reports whether every limit was kept.
func (b *bench) print() bool {
	kept := true
	fmt.Printf("\n%-62s %9s %12s %s\n", "measure", "median", "limit", "rounds")
	for _, m := range measures {
		values := b.figures[m.name]
		if len(values) == 0 {
			if *only == "" {
				fmt.Printf("%-62s %9s %12s\n", m.title, "SKIPPED", m.limit())
			}
			continue
		}
		mid := median(values)
		verdict := ""
		if mid < m.least || m.most > 0 && mid > m.most {
			verdict, kept = "  MISSED", false
		}
		fmt.Printf("%-62s %9.3g %12s %.3g%s\n", m.title, mid, m.limit(), values, verdict)
	}
	for _, m := range b.missing {
		fmt.Println("NOT MEASURED,", m)
	}
	return kept && len(b.missing) == 0
}

func median(values []float64) float64 {
	v := slices.Sorted(slices.Values(values))
	if len(v)%2 == 1 {
		return v[len(v)/2]
	}
	return (v[len(v)/2-1] + v[len(v)/2]) / 2
}
