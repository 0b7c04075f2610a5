package kubernetes

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Create makes the objects of a job; one that is there already is an error. It
// returns how far the clock of the cluster is ahead of this machine's, which the
// start instant must heed: within a second it says 0.
func (c Cluster) Create(ctx context.Context, j *Job) (ahead time.Duration, err error) {
	manifest, err := j.Manifest()
	if err != nil {
		return 0, err
	}
	asked := time.Now()
	made, err := c.run(ctx, manifest, "create", "-o", "json", "-f", "-")
	if err != nil {
		return 0, err
	}
	return clock(made, asked, time.Now()), nil
}

// clock compares the time that a cluster gave the first object it made with ours. It
// tells whole seconds, cut off.
func clock(made []byte, asked, answered time.Time) time.Duration {
	var object struct {
		Metadata struct{ CreationTimestamp time.Time }
		Items    []struct {
			Metadata struct{ CreationTimestamp time.Time }
		}
	}
	if json.NewDecoder(strings.NewReader(string(made))).Decode(&object) != nil {
		return 0
	}
	told := object.Metadata.CreationTimestamp
	if len(object.Items) > 0 {
		told = object.Items[0].Metadata.CreationTimestamp
	}
	switch low, high := told.Sub(answered), told.Add(time.Second).Sub(asked); {
	case told.IsZero():
		return 0
	case low > 0:
		return low
	case high < 0:
		return high
	}
	return 0
}

// Start tells the waiting shards their instant, and the key of their digests. The
// pods are touched afterwards: that makes their nodes look for the ConfigMap at
// once, which otherwise takes up to a minute.
func (c Cluster) Start(ctx context.Context, j *Job, at time.Time, key string) error {
	text := at.UTC().Format(time.RFC3339Nano) + " " + key
	object := fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":%q,"labels":%s},"data":{"at":%q}}`,
		j.Name+"-start", j.labels(), text)
	if _, err := c.run(ctx, []byte(object), "create", "-f", "-"); err != nil {
		return err
	}
	_, err := c.run(ctx, nil, "annotate", "pods", "-l", "batch.kubernetes.io/job-name="+j.Name, "--overwrite",
		"dfcheck/start="+strconv.FormatInt(at.Unix(), 10))
	return err
}

func (j *Job) labels() string {
	return fmt.Sprintf(`{"app.kubernetes.io/name":"dfcheck","app.kubernetes.io/instance":%q}`, j.Name)
}

// Suspend stops every shard: each is told to, writes what it measured, and ends.
func (c Cluster) Suspend(ctx context.Context, j *Job) error {
	_, err := c.run(ctx, nil, "patch", "job", j.Name, "--type=merge", "-p", `{"spec":{"suspend":true}}`)
	return err
}

// Follow hands out the lines that the shards print, until all have ended or ctx has.
func (c Cluster) Follow(ctx context.Context, j *Job, line func(string)) error {
	ofCall, ofRead := c.stream(ctx, func(out io.Reader) error {
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, maxLine)
		for lines.Scan() {
			line(lines.Text())
		}
		return lines.Err()
	}, "logs", "--follow", "--prefix", "--max-log-requests", strconv.Itoa(j.Shards), "-c", "dfcheck",
		"-l", "batch.kubernetes.io/job-name="+j.Name)
	return errors.Join(ofRead, ofCall)
}

// maxLine of a shard: its figures, with histograms of each group.
const maxLine = 16 << 20

// Delete removes the objects of a job. What is not there any more is no error.
func (c Cluster) Delete(ctx context.Context, j *Job) error {
	names := []string{"job/" + j.Name, "configmap/" + j.Name + "-settings", "configmap/" + j.Name + "-start",
		"pod/" + j.Name + "-files"}
	if j.Claim == "" {
		names = append(names, "persistentvolumeclaim/"+j.ClaimName())
	}
	args := append([]string{"delete", "--ignore-not-found", "--wait=false", "--cascade=background"}, names...)
	_, err := c.run(ctx, nil, args...)
	return err
}

// lastWords are what a shard said of what went wrong, if one did.
func (c Cluster) lastWords(ctx context.Context, j *Job) string {
	text, err := c.run(ctx, nil, "logs", "--tail", "5", "-c", "dfcheck", "-l", "batch.kubernetes.io/job-name="+j.Name)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if said, ok := strings.CutPrefix(line, "dfcheck: error: "); ok {
			return strings.TrimSpace(said)
		}
	}
	return ""
}
