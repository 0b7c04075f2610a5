package profile_test

import (
	"fmt"
	"time"

	"github.com/dfcheck/dfcheck/load/profile"
)

func ExampleParse() {
	p, err := profile.Parse([]byte(`
devices: 20000
duration: 10m
arrivals: {kind: ramp, over: 5m}
groups:
  - name: television
    people: {approve: 0.8, delay: {kind: uniform, median: 30s}}
`), "evening.yaml")
	if err != nil {
		fmt.Println(err)
		return
	}
	p = p.WithDefaults()
	fmt.Println(p.Devices, "devices; the last arrives after",
		time.Duration(p.Timetable().LastArrival()).Round(time.Second))
	fmt.Println("half of the people decide within", p.Groups[0].People.Delay.At(0.5))
	fmt.Println(p.Thresholds)

	_, err = profile.Parse([]byte("devises: 20000"), "evening.yaml")
	fmt.Println(err)
	// Output:
	// 20000 devices; the last arrives after 5m0s
	// half of the people decide within 30s
	// [error_rate < 1% violations == 0]
	// evening.yaml:1: unknown key "devises"; the nearest known key is "devices"
}
