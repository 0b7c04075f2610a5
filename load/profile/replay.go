package profile

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A replay file is CSV with a header. Its first column is a time, in seconds
// (12.5) or, for arrivals, as RFC 3339 says (2026-01-02T15:04:05Z), which counts
// from the first; the second, which may be left out, is how many devices or
// people have that time.

// readFiles fills in the times of the files that a profile names; relative names
// are looked for beside the profile.
func (p *Profile) readFiles(dir string) error {
	var errs []error
	read := func(file string, times *[]Duration, column, counts string) {
		if file == "" {
			slices.Sort(*times)
			return
		}
		if len(*times) > 0 {
			errs = append(errs, fmt.Errorf("%s: the profile has both a file and times; leave out one of them", file))
			return
		}
		if !filepath.IsAbs(file) {
			file = filepath.Join(dir, file)
		}
		f, err := os.Open(file)
		if err != nil {
			errs = append(errs, err)
			return
		}
		defer f.Close()
		if *times, err = readTimes(f, column, counts); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", file, err))
		}
	}
	read(p.Arrivals.File, &p.Arrivals.Times, "at", "devices")
	for i := range p.Groups {
		d := &p.Groups[i].People.Delay
		read(d.File, &d.Times, "delay", "people")
	}
	return errors.Join(errs...)
}

// maxProblems of a file are reported, no more.
const maxProblems = 5

// readTimes reads a replay file and returns its times in order.
func readTimes(r io.Reader, column, counts string) ([]Duration, error) {
	in := csv.NewReader(r)
	in.TrimLeadingSpace = true
	in.Comment = '#'
	header, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty")
	} else if err != nil {
		return nil, err
	}
	if !slices.Equal(header, []string{column}) && !slices.Equal(header, []string{column, counts}) {
		return nil, fmt.Errorf("the header is %q; it must be %q or %q",
			strings.Join(header, ","), column, column+","+counts)
	}
	var times []Duration
	var problems []error
	clock := &clock{absolute: column == "at"}
	for len(problems) < maxProblems {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errors.Join(append(problems, err)...)
		}
		at, n, err := clock.row(row)
		if err != nil {
			line, _ := in.FieldPos(0)
			problems = append(problems, fmt.Errorf("line %d: %w", line, err))
			continue
		}
		if n > MaxDevices-len(times) {
			return nil, fmt.Errorf("more than %d %s", MaxDevices, counts)
		}
		times = append(times, slices.Repeat([]Duration{at}, n)...)
	}
	if len(problems) == 0 && len(times) == 0 {
		return nil, errors.New("the file has no times")
	}
	slices.Sort(times)
	if clock.used && len(times) > 0 {
		first := times[0]
		for i := range times {
			times[i] -= first
		}
	}
	return times, errors.Join(problems...)
}

// clock reads the times of a file, which are all seconds or all points in time.
type clock struct {
	absolute bool // points in time are possible
	used     bool // and are what the file has
	began    time.Time
	rows     int
}

func (c *clock) row(row []string) (at Duration, n int, err error) {
	n = 1
	if len(row) > 1 {
		if n, err = strconv.Atoi(row[1]); err != nil || n < 1 {
			return 0, 0, fmt.Errorf("%q is not a number of at least 1", row[1])
		}
	}
	c.rows++
	if t, err := time.Parse(time.RFC3339, row[0]); err == nil && c.absolute {
		if c.rows == 1 {
			c.used, c.began = true, t
		}
		if !c.used {
			return 0, 0, fmt.Errorf("%q is a point in time, but the rows before have seconds", row[0])
		}
		if span := t.Sub(c.began); span.Abs() > MaxDuration {
			return 0, 0, fmt.Errorf("%q is more than %.0f hours from the first time", row[0], MaxDuration.Hours())
		}
		return Duration(t.Sub(c.began)), n, nil
	}
	s, err := strconv.ParseFloat(row[0], 64)
	switch {
	case err != nil && c.absolute:
		return 0, 0, fmt.Errorf("%q is neither seconds nor a time such as 2026-01-02T15:04:05Z", row[0])
	case err != nil:
		return 0, 0, fmt.Errorf("%q is not a number of seconds", row[0])
	case c.used:
		return 0, 0, fmt.Errorf("%q is seconds, but the rows before have points in time", row[0])
	case !(s >= 0 && s <= MaxDuration.Seconds()):
		return 0, 0, fmt.Errorf("%q is not between 0 and %.0f seconds", row[0], MaxDuration.Seconds())
	}
	return Duration(s * float64(time.Second)), n, nil
}
