package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/dfcheck/dfcheck/conformance/waiver"
	"github.com/dfcheck/dfcheck/reports"
)

// waiverFlags say where the failures of a run are recorded as waivers.
type waiverFlags struct {
	record string
	until  string
}

func (f *waiverFlags) add(fs *pflag.FlagSet) {
	fs.StringVar(&f.record, "write-waivers", "", "add the failures of this run to `FILE`, for --waivers")
	fs.StringVar(&f.until, "waive-until", "",
		"last `DAY` on which --write-waivers waives them, such as 2026-12-31 (default: in 30 days)")
}

// check reads the flags before the run.
func (f *waiverFlags) check() error {
	switch {
	case f.until != "" && f.record == "":
		return fmt.Errorf("--waive-until says until when, and --write-waivers does not say where")
	case f.record == "":
		return nil
	}
	last, err := f.last()
	if err != nil {
		return fmt.Errorf("--waive-until is %q; it takes a day such as 2026-12-31", f.until)
	}
	if time.Now().After(last.AddDate(0, 0, 1)) {
		return fmt.Errorf("--waive-until %s is over", f.until)
	}
	if err := (reports.Destination{Format: "json", Path: f.record}).Check(); err != nil {
		return err
	}
	return waiver.Record{Path: f.record, Until: last}.Check()
}

// last is the last day.
func (f *waiverFlags) last() (time.Time, error) {
	if f.until == "" {
		return time.Now().Add(waiver.Life), nil
	}
	return time.Parse(time.DateOnly, f.until)
}

// recordWaivers writes the failures of a run where they are wanted, and says so.
func (f *conformanceFlags) recordWaivers(t terminal, s settings, r *reports.Report) error {
	if f.newWaivers.record == "" {
		return nil
	}
	path := f.newWaivers.record
	last, _ := f.newWaivers.last() // it was checked
	w := waiver.Record{Path: path, Until: last, Warnings: f.failOn == "warning"}
	out, err := w.Write(r.Conformance.Checks, time.Now(), s.guard)
	if err != nil {
		return err
	}
	switch n := len(out.New); {
	case n == 0 && out.Known == nil:
		t.note("nothing to record in %s: no check failed that is not waived", path)
	case n > 0:
		t.note("%s: %s waived until %s; write down why, and run with --waivers %s", path,
			reports.Count(n, "failure is", "failures are"), last.Format(time.DateOnly), path)
	}
	switch names := strings.Join(out.Known, ", "); len(out.Known) {
	case 0:
	case 1:
		t.note("the waiver of %s in %s has expired: renew it or take it out by hand", names, path)
	default:
		t.note("the waivers of %s in %s have expired: renew them or take them out by hand", names, path)
	}
	return nil
}
