package kubernetes

import (
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Job is a run in shards, as Kubernetes is told of it.
type Job struct {
	Name   string // of the Job, and what the names of its other objects begin with
	Image  string
	Shards int
	// Args follow "dfcheck load" in every pod: the target, the profile, the limits. The
	// files that they name are Files, relative to the folder in which dfcheck runs.
	Args  []string
	Files []File
	// Variables of the environment are values of the Secret, which must be there.
	Variables []string
	Secret    string

	CPU    string // of a pod, in the notation of Kubernetes: 2, 500m
	Memory string // of a pod: 512Mi

	Duration     time.Duration // of the run
	Timeout      time.Duration // of one request, which a shard that is stopped waits for
	StartTimeout time.Duration // how long the pods wait for each other and for the start
	Flush        time.Duration // how often they write their files and say how far they are
	KeepGoing    bool          // go on when a shard is lost, or a threshold out of reach

	Claim        string // a volume claim that is there; empty: one is made for the run
	AccessMode   string // of the claim that is made
	StorageClass string // of the claim that is made; empty: the cluster's default
}

// File is one that the pods find in the folder in which dfcheck runs.
type File struct{ Name, Text string }

// Check returns everything that is wrong with a job, or nil.
func (j *Job) Check() error {
	var errs []error
	bad := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	// The longest name made of it is that of a pod: two numbers, five letters, two hyphens.
	bad(label.MatchString(j.Name) && len(j.Name) <= maxName,
		"the name %q is not one for Kubernetes: at most %d small letters, digits and hyphens, a letter first",
		j.Name, maxName)
	bad(j.Image != "" && image.MatchString(j.Image), "%q is not the name of an image", j.Image)
	bad(j.Shards >= 1 && j.Shards <= maxShards, "%d shards; 1 to %d are possible", j.Shards, maxShards)
	bad(cpu.MatchString(j.CPU), "%q is not an amount of processors such as 2 or 500m", j.CPU)
	bad(memory.MatchString(j.Memory), "%q is not an amount of memory such as 512Mi or 2Gi", j.Memory)
	bad(j.Secret == "" || subdomain.MatchString(j.Secret), "%q is not the name of a Secret", j.Secret)
	bad(j.Claim == "" || subdomain.MatchString(j.Claim), "%q is not the name of a volume claim", j.Claim)
	bad(j.StorageClass == "" || subdomain.MatchString(j.StorageClass),
		"%q is not the name of a storage class", j.StorageClass)
	bad(accessMode.MatchString(j.AccessMode),
		"%q is not an access mode; ReadWriteMany and ReadWriteOnce are", j.AccessMode)
	size := 0
	for _, f := range j.Files {
		size += len(f.Text)
	}
	bad(size <= maxFiles, "profile, configuration and their files have %d bytes; a ConfigMap holds %d", size, maxFiles)
	return errors.Join(errs...)
}

const (
	maxName   = 40
	maxShards = 1000
	maxFiles  = 1_000_000 // a ConfigMap holds 1 MiB with everything else in it
)

var (
	label      = regexp.MustCompile(`^[a-z]([-a-z0-9]*[a-z0-9])?$`)
	subdomain  = regexp.MustCompile(`^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$`)
	image      = regexp.MustCompile(`^[a-zA-Z0-9][-a-zA-Z0-9._/:@]*$`)
	cpu        = regexp.MustCompile(`^[1-9][0-9]*m?$`)
	memory     = regexp.MustCompile(`^[1-9][0-9]*(Mi|Gi)$`)
	accessMode = regexp.MustCompile(`^ReadWrite(Many|Once)$`)
)

// Folders of the pods.
const (
	resultsFolder = "/results"
	startFile     = "/start/at"
	readyFile     = "/tmp/ready"
)

// Results is the folder in which the shards leave their files: runs that share a
// claim do not share it.
func (j *Job) Results() string { return resultsFolder + "/" + j.Name + "/" }

// Arguments are those of dfcheck in every pod.
func (j *Job) Arguments() []string {
	all := []string{"load", "--start-at", startFile, "--start-timeout", j.StartTimeout.String(), "--ready", readyFile,
		"--report", "json=" + j.Results(), "--flush", j.Flush.String()}
	if j.KeepGoing {
		all = append(all, "--keep-going")
	}
	return append(all, j.Args...)
}

// MaxFailed is how many shards may be lost before the Job ends.
func (j *Job) MaxFailed() int {
	if j.KeepGoing {
		return j.Shards
	}
	return 0
}

// spare is what a pod may need beyond its run: to be given a node, fetch its image,
// and write its last figures.
const spare = 2 * time.Minute

// Deadline ends a run that nobody ends, in seconds.
func (j *Job) Deadline() int { return seconds(j.StartTimeout + j.Duration + j.grace() + spare) }

// GraceSeconds are what a shard gets to end in order when it is stopped.
func (j *Job) GraceSeconds() int { return seconds(j.grace()) }

// grace: requests in flight are waited for, and files written.
func (j *Job) grace() time.Duration { return j.Timeout + 20*time.Second }

// StartSeconds is how long a pod may take to be ready.
func (j *Job) StartSeconds() int { return seconds(j.StartTimeout) }

func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// ClaimName is the volume claim of the results.
func (j *Job) ClaimName() string {
	if j.Claim != "" {
		return j.Claim
	}
	return j.Name + "-results"
}
