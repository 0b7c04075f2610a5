package shard

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/dfcheck/dfcheck/load"
	"github.com/dfcheck/dfcheck/load/digests"
	"github.com/dfcheck/dfcheck/reports"
)

// Files are those of one attempt at a shard.
type Files struct {
	Dir     string
	Part    load.Part
	Attempt string // a word that no other attempt at this shard has

	mu     sync.Mutex
	unsaid []byte // digests that could not be written yet
	headed bool
}

// Suffixes of the two files.
const (
	ReportSuffix  = ".json"
	DigestsSuffix = ".digests"
)

// NewFiles makes the folder. uid is that of the pod; without one the attempt gets a
// name at random.
func NewFiles(dir, uid string, p load.Part) (*Files, error) {
	if uid == "" {
		var b [4]byte
		rand.Read(b[:])
		uid = hex.EncodeToString(b[:])
	}
	if !plainWord.MatchString(uid) {
		return nil, fmt.Errorf("%s is %q; it names files, so that letters, digits and dashes are allowed", AttemptVariable,
			uid)
	}
	f := &Files{Dir: dir, Part: p, Attempt: uid}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("cannot write the files of a shard: %w", err)
	}
	return f, reports.Destination{Format: "json", Path: f.Report()}.Check()
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)

// Name is what the files of an attempt are called, but for their suffix.
func (f *Files) Name() string {
	return fmt.Sprintf("shard-%d-of-%d-%s", f.Part.Index, f.Part.Count, f.Attempt)
}

// Report is the path of the report.
func (f *Files) Report() string { return filepath.Join(f.Dir, f.Name()+ReportSuffix) }

// Digests is the path of the digests.
func (f *Files) Digests() string { return filepath.Join(f.Dir, f.Name()+DigestsSuffix) }

// DigestsBeside is the path of the digests that belong to the file of a report.
func DigestsBeside(report string) string {
	return strings.TrimSuffix(report, ReportSuffix) + DigestsSuffix
}

// Write writes the report, whole or not at all, and appends to the digests. What
// could not be appended is tried again with the next call.
func (f *Files) Write(r *reports.Report, g reports.Guard, key digests.Key, seen []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.headed {
		f.unsaid, f.headed = digests.Head(f.Part.Index, f.Part.Count, key), true
	}
	f.unsaid = append(f.unsaid, seen...)
	return errors.Join(f.append(), reports.Destination{Format: "json", Path: f.Report()}.Write(io.Discard, r, g))
}

// append writes what was not written yet. Of a write that a full disk cut short the
// rest is written later.
func (f *Files) append() error {
	if len(f.unsaid) == 0 {
		return nil
	}
	out, err := os.OpenFile(f.Digests(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("cannot write the digests: %w", err)
	}
	n, err := out.Write(f.unsaid)
	f.unsaid = f.unsaid[n:]
	if err = errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("cannot write the digests: %w", err)
	}
	return nil
}
