package main

import (
	"cmp"

	"github.com/spf13/cobra"
)

func newLoadManifest(t terminal) *cobra.Command {
	f, k := &loadFlags{}, &kubernetesFlags{}
	c := &cobra.Command{
		Use: "manifest", Short: "Print the Kubernetes objects of a load run in shards", Args: cobra.NoArgs,
		Long: `Prints what a load run in shards is on Kubernetes: a ConfigMap with the profile and
the configuration, a claim for the files of the shards, and an Indexed Job with one
pod a shard. Secrets are not in it: the pods have them from a Secret that --secret
names. Nothing is sent to anybody.

The pods become ready, wait, and start together when the ConfigMap NAME-start tells
them the instant; load/kubernetes in the sources has the commands. "dfcheck load run
--kubernetes" does all of it at once.`,
		Example: `  dfcheck load manifest --shards 8 --image registry.example.com/dfcheck:v1 --profile evening-peak --host https://load.example.com --allow-host load.example.com > job.yaml
  kubectl apply -f job.yaml`,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.manifest(cmd, t, k) },
	}
	fs := c.Flags()
	f.addCrowd(fs)
	fs.Var(count(&f.shards), "shards", "number of shards")
	fs.BoolVar(&k.job.KeepGoing, "keep-going", false, "go on when a shard is lost, or a threshold out of reach")
	k.add(fs)
	return c
}

func (f *loadFlags) manifest(cmd *cobra.Command, t terminal, k *kubernetesFlags) error {
	k.job.Name = cmp.Or(k.job.Name, defaultJob)
	j, p, err := k.describe(cmd, f, t)
	if err != nil {
		return err
	}
	text, err := j.Manifest()
	if err != nil {
		return usage(err, "`dfcheck load manifest --help` lists the flags")
	}
	k.announce(t, j, p)
	_, err = t.out.Write(text)
	return err
}
