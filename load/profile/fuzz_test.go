package profile

import (
	"strings"
	"testing"
)

// FuzzParse: a stranger's profile is one that can be run, or its errors are told.
func FuzzParse(f *testing.F) {
	for _, name := range Names() {
		text, err := Source(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("devices: 2M\nduration: 1h\narrivals: {kind: spike, at: 5m, over: 1s}\n")
	f.Add("groups: [{name: a, share: 150%}, {name: a}]\n")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "file") { // none that a search makes up is read
			return
		}
		p, err := Parse([]byte(text), "p.yaml")
		if err != nil {
			return
		}
		q := p.WithDefaults()
		table := q.Timetable()
		for _, draw := range []float64{0, 0.5, 0.999} {
			for _, d := range []int32{0, int32(q.Devices / 2), int32(q.Devices - 1)} {
				if at := table.Arrival(d, draw); at < 0 {
					t.Errorf("device %d arrives at %d", d, at)
				}
			}
		}
		q.MaxConnections()
		q.Map()
	})
}
