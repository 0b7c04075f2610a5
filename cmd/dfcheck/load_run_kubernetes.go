package main

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dfcheck/dfcheck/load/kubernetes"
	"github.com/dfcheck/dfcheck/reports"
)

// clusterFlags are how load run reaches a cluster.
type clusterFlags struct {
	kubernetesFlags
	on                          bool
	kubectl, context, namespace string
	keep                        bool
}

func (k *clusterFlags) add(fs *pflag.FlagSet) {
	k.kubernetesFlags.add(fs)
	fs.BoolVar(&k.on, "kubernetes", false, "run the shards as pods of a Job, in the cluster of kubectl's context")
	fs.StringVar(&k.kubectl, "kubectl", "kubectl", "`PROGRAM` that reaches the cluster")
	fs.StringVar(&k.context, "context", "", "context of kubectl (default: the current one)")
	fs.StringVar(&k.namespace, "namespace", "", "namespace of the Job (default: that of the context)")
	fs.BoolVar(&k.keep, "keep", false, "leave Job and claim in the cluster")
}

// names of the flags that only say where a run is carried out.
func (k *clusterFlags) names() []string {
	return []string{"kubernetes", "kubectl", "context", "namespace", "keep"}
}

// cluster is that of the flags.
func (k *clusterFlags) cluster() kubernetes.Cluster {
	c := kubernetes.Cluster{Kubectl: k.kubectl}
	if k.context != "" {
		c.Flags = append(c.Flags, "--context", k.context)
	}
	if k.namespace != "" {
		c.Flags = append(c.Flags, "--namespace", k.namespace)
	}
	return c
}

// runKubernetes runs the shards as pods.
func (f *loadRunFlags) runKubernetes(ctx context.Context, cmd *cobra.Command, t terminal) error {
	k := &f.cluster
	if k.job.Name == "" {
		k.job.Name = defaultJob + "-" + strings.ToLower(time.Now().UTC().Format("20060102T150405Z"))
	}
	k.job.KeepGoing = f.keepGoing
	list, err := f.destinations(reports.KindLoad)
	if err != nil {
		return usage(err, "`dfcheck load run --help` lists the flags")
	}
	j, p, err := k.describe(cmd, &f.loadFlags, t, append(k.names(), "local", "dir")...)
	if err != nil {
		return err
	}
	cluster := k.cluster()
	if err := errors.Join(j.Check(), cluster.Found()); err != nil {
		return usage(err, "--kubectl names the program that reaches the cluster; "+
			"`dfcheck load manifest` prints what would be created")
	}
	dir, remove, err := f.folderOfRun()
	if err != nil {
		return usage(err, "")
	}
	defer remove()
	k.announce(t, j, p)
	t.note("creating in the cluster: %s", strings.Join(created(j), ", "))
	line := t.progress()
	crew := &kubernetes.Crew{Cluster: cluster, Job: j, Dir: dir, Keep: k.keep,
		Progress: func(l *reports.Load) { line.say(shardStatus(l, time.Duration(p.Duration))) },
		Note:     func(text string) { line.clear(); t.note("%s", reports.Legible(text)) }}
	r, err := crew.Run(ctx)
	line.clear()
	if err != nil {
		return notInCluster(ctx, err)
	}
	if r.Run.Interrupted = ctx.Err() != nil; r.Run.Interrupted {
		r.Run.ExitCode = reports.ExitInterrupted
	}
	if f.dir != "" {
		t.note("the files of the shards are in %s; `dfcheck report merge %s --shards %d` merges them again",
			dir, dir, j.Shards)
	}
	return printMerged(t, r, list)
}

// created lists the objects of a run.
func created(j *kubernetes.Job) []string {
	names := []string{"Job " + j.Name, "ConfigMap " + j.Name + "-settings"}
	if j.Claim == "" {
		names = append(names, "PersistentVolumeClaim "+j.ClaimName())
	}
	return append(names, "at the start ConfigMap "+j.Name+"-start", "at the end Pod "+j.Name+"-files")
}

// notInCluster is why there is no report of a run.
func notInCluster(ctx context.Context, err error) error {
	if n, ok := errors.AsType[*kubernetes.NotReady](err); ok {
		code := reports.ExitUntested
		if n.Code == reports.ExitUsage {
			code = reports.ExitUsage
		}
		return &failure{code, n, cmp.Or(n.Said,
			"--keep leaves the Job in the cluster, for `kubectl describe` and `kubectl logs`")}
	}
	if ctx.Err() != nil {
		return &failure{reports.ExitInterrupted, errors.New("interrupted before the load began"), ""}
	}
	return &failure{reports.ExitUntested, err, ""}
}
