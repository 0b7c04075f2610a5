package merge

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/dfcheck/dfcheck/load/digests"
	"github.com/dfcheck/dfcheck/load/shard"
	"github.com/dfcheck/dfcheck/reports"
)

// Folder merges the files of a folder into the report of a run of so many shards.
// Its errors are of files that cannot be read, or are not of that run, by name.
func Folder(dir string, shards int) (*reports.Report, error) {
	parts, err := readFolder(dir)
	if err != nil {
		return nil, err
	}
	if len(parts) == 0 {
		return nil, fmt.Errorf("%s holds no report of a shard (shard-I-of-N-….json)", dir)
	}
	run, err := arrange(parts, shards)
	if err != nil {
		return nil, err
	}
	seen, err := run.readDigests()
	if err != nil {
		return nil, err
	}
	return run.report(seen)
}

// Live merges the reports of shards that are still running, without what takes
// files. Its errors are those of Folder.
func Live(list []*reports.Report, shards int) (*reports.Report, error) {
	var parts []part
	for _, r := range list {
		parts = append(parts, part{fmt.Sprintf("shard %d", r.Load.Shard.Index), r})
	}
	run, err := arrange(parts, shards)
	if err != nil {
		return nil, err
	}
	return run.report(nil)
}

// part is the report of one attempt at a shard.
type part struct {
	name string // of its file
	*reports.Report
}

// readFolder reads the reports of shards. Merged reports are passed over: a merge may
// have been written here before.
func readFolder(dir string) (parts []part, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), shard.ReportSuffix) || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		path := filepath.Join(dir, e.Name())
		r, err := reports.ReadFile(path)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%w; without the file its shard counts as missing", err)
		case r.Load != nil && len(r.Load.Shards) > 0:
			continue
		case r.Load == nil || r.Load.Shard.CrowdDigest == "" || r.Load.Shard.StartAt == nil:
			return nil, fmt.Errorf("%s is not the report of a shard, but of another run (%s)", path, r.Run.Kind)
		}
		parts = append(parts, part{path, r})
	}
	return parts, nil
}

// readDigests reads the digests of the shards that sent something. A shard whose
// digests are not there was not compared with the others: it is not complete.
func (run *run) readDigests() (*digests.Set, error) {
	seen := &digests.Set{}
	key, keyOf := "", ""
	for i := range run.shards {
		p := run.parts[i]
		if p.Report == nil || run.shards[i].Late {
			continue
		}
		path := shard.DigestsBeside(p.name)
		f, err := os.Open(path)
		if err != nil {
			run.shards[i].Complete, run.shards[i].Why = false, "its file of digests is not there, "+
				"so that its codes and tokens were not compared with those of other shards"
			continue
		}
		h, err := seen.Read(f)
		f.Close()
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", path, err)
		case h.Shard != i || h.Shards != len(run.shards):
			return nil, fmt.Errorf("%s is of shard %d of %d, and the report beside it of shard %d of %d", path, h.Shard,
				h.Shards, i, len(run.shards))
		case key != "" && h.Key != key:
			return nil, fmt.Errorf("%s and %s were made with different keys: their shards had different start files", keyOf,
				path)
		}
		key, keyOf = h.Key, path
	}
	return seen, nil
}
